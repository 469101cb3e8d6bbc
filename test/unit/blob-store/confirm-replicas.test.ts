import { describe, expect, it, vi } from 'vitest';
import type { BlobStoreEvent, StoredFile } from '../../../src/blob-store/blob-store.ts';
import type { FastdfsBlobStoreSettings } from '../../../src/blob-store/fastdfs-blob-store.ts';
import type { FakeStorage } from '../../support/fake-cluster.ts';
import { at, inChunks, neverAborted, startBench } from './harness.ts';

const UPLOAD = 11;
const QUERY_FILE_INFO = 22;
const signal = neverAborted;
const content = Buffer.alloc(10, 7);

async function startReplicaBench(
  groups: Readonly<Record<string, number>>,
  settings: Partial<FastdfsBlobStoreSettings> = {},
) {
  const waits: Extract<BlobStoreEvent, { kind: 'replica-wait' }>[] = [];
  const bench = await startBench(groups, {
    minReplicas: 2,
    onEvent: (event) => {
      if (event.kind === 'replica-wait') waits.push(event);
    },
    ...settings,
  });
  const outcomes = () => waits.map(({ outcome }) => outcome);
  return { ...bench, outcomes };
}

/** Lets a storage server get all files of another one when it is asked for the n-th time. */
function replicateAtQuestion(bench: Awaited<ReturnType<typeof startReplicaBench>>, n: number) {
  const [source, replica] = [at(bench.storages, 0), at(bench.storages, 1)];
  let questions = 0;
  replica.intercept = (_peer, { code }) => {
    if (code !== QUERY_FILE_INFO) return false;
    questions += 1;
    if (questions === n) source.replicateTo(replica);
    return false;
  };
}

/** Both get all files of the other one before they answer anything. */
function replicateAtOnce(first: FakeStorage, second: FakeStorage): void {
  for (const [from, to] of [
    [second, first],
    [first, second],
  ] as const) {
    to.intercept = () => {
      from.replicateTo(to);
      return false;
    };
  }
}

describe('an upload with two replicas asked for', () => {
  it('is acknowledged when the other storage server has the file, and not before', async () => {
    const bench = await startReplicaBench({ group1: 2 });
    replicateAtQuestion(bench, 3);
    const [file] = await bench.store.storeBuffer(content, { signal });
    expect(file?.isReplicated).toBe(true);
    const questions = at(bench.storages, 1).requests.filter((code) => code === QUERY_FILE_INFO);
    expect(questions).toHaveLength(3);
    expect(at(bench.storages, 0).requests).not.toContain(QUERY_FILE_INFO);
    expect(bench.outcomes()).toEqual(['confirmed']);
  });

  it('does not believe a file of another size', async () => {
    const bench = await startReplicaBench({ group1: 2 }, { replicaWaitMs: 150 });
    const [source, replica] = [at(bench.storages, 0), at(bench.storages, 1)];
    replica.intercept = () => {
      for (const fileName of source.files.keys()) replica.files.set(fileName, Buffer.alloc(9));
      return false;
    };
    const result = bench.store.storeBuffer(content, { signal });
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
  });

  it('fails when the file does not come in time, with its file told of', async () => {
    const bench = await startReplicaBench({ group1: 2 }, { replicaWaitMs: 100 });
    const onStored = vi.fn();
    const result = bench.store.storeBuffer(content, { signal, onStored });
    await expect(result).rejects.toMatchObject({
      message: expect.stringMatching(/reached 1 of 2 storage servers/),
    });
    expect(onStored).toHaveBeenCalledOnce();
    expect(bench.outcomes()).toEqual(['failed']);
  });

  it('is accepted all the same when the operator says so', async () => {
    const settings = { replicaWaitMs: 100, replicaWaitFailure: 'accept' } as const;
    const bench = await startReplicaBench({ group1: 2 }, settings);
    const [file] = await bench.store.storeBuffer(content, { signal });
    expect(file?.isReplicated).toBe(false);
    expect(bench.outcomes()).toEqual(['accepted']);
  });

  it('outlives a replica that does not answer its questions', async () => {
    const bench = await startReplicaBench({ group1: 2 }, { replicaWaitMs: 100 });
    at(bench.storages, 1).intercept = (_peer, { code }) => code === QUERY_FILE_INFO;
    const result = bench.store.storeBuffer(content, { signal });
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
  });

  it('ends with the reason of the signal', async () => {
    const bench = await startReplicaBench({ group1: 2 });
    const cancel = new AbortController();
    at(bench.storages, 1).intercept = (_peer, { code }) => {
      if (code === QUERY_FILE_INFO) cancel.abort(new Error('the client is gone'));
      return false;
    };
    const result = bench.store.storeBuffer(content, { signal: cancel.signal });
    await expect(result).rejects.toMatchObject({
      message: expect.stringContaining('the client is gone'),
    });
  });

  it('is confirmed, but not everywhere, by one replica of two', async () => {
    const bench = await startReplicaBench({ group1: 3 });
    replicateAtQuestion(bench, 1);
    const [file] = await bench.store.storeBuffer(content, { signal });
    expect(file?.isReplicated).toBe(false);
    expect(bench.outcomes()).toEqual(['confirmed']);
  });
});

describe('a body of several files', () => {
  it('is sent on while the first ones wait', async () => {
    const bench = await startReplicaBench({ group1: 2 });
    const [source, replica] = [at(bench.storages, 0), at(bench.storages, 1)];
    // Nothing is replicated before the last file has come.
    replica.intercept = () => {
      if (source.files.size === 3) source.replicateTo(replica);
      return false;
    };
    const body = Buffer.alloc(2500, 1);
    const files = await bench.store.storeStream(inChunks(body, 400), 2500, { signal });
    expect(files.map(({ size, isReplicated }) => [size, isReplicated])).toEqual([
      [1000, true],
      [1000, true],
      [500, true],
    ]);
  });

  it('is not sent to its end once one of them has failed', async () => {
    const bench = await startReplicaBench({ group1: 2 }, { replicaWaitMs: 100 });
    const stored: StoredFile[] = [];
    async function* body() {
      yield Buffer.alloc(1000);
      await vi.waitFor(() => expect(bench.outcomes()).toContain('failed'));
      for (let count = 0; count < 9; count++) yield Buffer.alloc(1000);
    }
    const options = { signal, onStored: (file: StoredFile) => stored.push(file) };
    const result = bench.store.storeStream(body(), 10_000, options);
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
    expect(stored.length).toBeLessThan(4);
  });
});

describe('a group with fewer ACTIVE storage servers than replicas asked for', () => {
  it('is passed over for another one', async () => {
    const bench = await startReplicaBench({ group1: 2, group2: 2 });
    at(bench.storages, 1).status = 5;
    replicateAtOnce(at(bench.storages, 2), at(bench.storages, 3));
    const [file] = await bench.store.storeBuffer(content, { signal });
    expect(file?.fileId).toMatch(/^group2\//);
  });

  it('is passed over, too, when one of them leaves pings unanswered', async () => {
    const settings = { clusterViewRefreshMs: 50, pingTimeoutMs: 100 };
    const bench = await startReplicaBench({ group1: 2, group2: 2 }, settings);
    replicateAtOnce(at(bench.storages, 0), at(bench.storages, 1));
    replicateAtOnce(at(bench.storages, 2), at(bench.storages, 3));
    await bench.store.storeBuffer(content, { signal });
    at(bench.storages, 1).intercept = () => true;
    await vi.waitFor(async () => {
      const { groups } = await bench.store.clusterState();
      expect(groups[0]?.storageServers[1]?.breakers.read).toBe('open');
    });
    const [file] = await bench.store.storeBuffer(content, { signal });
    expect(file?.fileId).toMatch(/^group2\//);
  });

  it('gets nothing when there is no other', async () => {
    const bench = await startReplicaBench({ group1: 2 });
    at(bench.storages, 1).status = 5;
    const result = bench.store.storeBuffer(content, { signal });
    await expect(result).rejects.toMatchObject({
      message: expect.stringMatching(/2 ACTIVE storage servers/),
    });
    expect(at(bench.storages, 0).requests).not.toContain(UPLOAD);
  });

  it('gets it at once when too few are accepted', async () => {
    const settings = { replicaWaitFailure: 'accept', replicaWaitMs: 600_000 } as const;
    const bench = await startReplicaBench({ group1: 2 }, settings);
    at(bench.storages, 1).status = 5;
    expect(await bench.store.storeBuffer(content, { signal })).toHaveLength(1);
    expect(bench.outcomes()).toEqual(['accepted']);
  });

  describe('which it becomes during the wait', () => {
    const settings = { replicaWaitMs: 600_000, clusterViewRefreshMs: 100 };

    async function startLosingBench(groups: Readonly<Record<string, number>>) {
      const bench = await startReplicaBench(groups, settings);
      at(bench.storages, 1).intercept = (_peer, { code }) => {
        if (code === QUERY_FILE_INFO) at(bench.storages, 1).status = 5;
        return false;
      };
      return bench;
    }

    it('fails the upload', async () => {
      const bench = await startLosingBench({ group1: 2 });
      const result = bench.store.storeBuffer(content, { signal });
      await expect(result).rejects.toMatchObject({
        message: expect.stringMatching(/reached 1 of 2 storage servers/),
      });
    });

    it('hands a buffer on to another group, and tells of both files', async () => {
      const bench = await startLosingBench({ group1: 2, group2: 2 });
      replicateAtOnce(at(bench.storages, 2), at(bench.storages, 3));
      const told: string[] = [];
      const onStored = ({ fileId }: StoredFile) => told.push(fileId);
      const [file] = await bench.store.storeBuffer(content, { signal, onStored });
      expect(told).toEqual([expect.stringMatching(/^group1\//), file?.fileId]);
      expect(file?.fileId).toMatch(/^group2\//);
      expect(bench.outcomes()).toEqual(['confirmed']);
    });

    it.each(['fail', 'accept'] as const)(
      'hands a buffer on, too, when the server that took it goes down (%s)',
      async (replicaWaitFailure) => {
        const bench = await startReplicaBench({ group1: 3 }, { ...settings, replicaWaitFailure });
        const [source, second, third] = bench.storages as [FakeStorage, FakeStorage, FakeStorage];
        second.intercept = (_peer, { code }) => {
          if (code === QUERY_FILE_INFO && second.files.size === 0) source.status = 5;
          third.replicateTo(second);
          return false;
        };
        third.intercept = () => {
          second.replicateTo(third);
          return false;
        };
        const [file] = await bench.store.storeBuffer(content, { signal });
        const fileName = file?.fileId.slice('group1/'.length) ?? '';
        expect([source, second, third].map(({ files }) => files.has(fileName))).toEqual([
          false,
          true,
          true,
        ]);
        expect(bench.outcomes()).toEqual(['confirmed']);
      },
    );

    it('fails a buffer that is pinned to the group', async () => {
      const bench = await startLosingBench({ group1: 2, group2: 2 });
      const result = bench.store.storeBuffer(content, { signal, groupName: 'group1' });
      await expect(result).rejects.toMatchObject({
        message: expect.stringMatching(/reached 1 of 2 storage servers/),
      });
    });
  });
});

it('asks a storage server about few files at a time, however many wait', async () => {
  const bench = await startReplicaBench({ group1: 2 });
  const [source, replica] = [at(bench.storages, 0), at(bench.storages, 1)];
  let open = 0;
  let openMax = 0;
  replica.intercept = async (_peer, { code }) => {
    if (code !== QUERY_FILE_INFO) return false;
    open += 1;
    openMax = Math.max(openMax, open);
    if (source.files.size === 40) source.replicateTo(replica);
    await new Promise((resolve) => setTimeout(resolve, 5));
    open -= 1;
    return false;
  };
  const stores = Array.from({ length: 40 }, (_, i) =>
    bench.store.storeBuffer(Buffer.from(`file ${i}`), { signal: new AbortController().signal }),
  );
  expect(await Promise.all(stores)).toHaveLength(40);
  expect(openMax).toBeLessThanOrEqual(4);
});
