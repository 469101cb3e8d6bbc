import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { BlobStoreError, type StoredFile } from '../../../src/blob-store/blob-store.ts';
import { closedPort } from '../../support/fake-server.ts';
import { at, type Bench, contentOf, inChunks, neverAborted, startBench } from './harness.ts';

const UPLOAD = 11;
const NO_SPACE = 28;
const signal = neverAborted;

/** Both ways to store the same bytes; the second one cannot be repeated. */
const ways = [
  [
    'a buffer',
    ({ store }: Bench, content: Buffer, isOneFile = false) =>
      store.storeBuffer(content, { signal, isOneFile }),
  ],
  [
    'a stream',
    ({ store }: Bench, content: Buffer, isOneFile = false) =>
      store.storeStream(inChunks(content, 333), content.length, { signal, isOneFile }),
  ],
] as const;

describe.each(ways)('storing %s', (_name, store) => {
  it.each([1, 999, 1000, 1001, 3500])('of %i bytes cuts it into segments', async (size) => {
    const bench = await startBench();
    const content = randomBytes(size);
    const files = await store(bench, content);
    expect(files.map((file) => file.size)).toEqual([
      ...Array(Math.floor(size / 1000)).fill(1000),
      ...(size % 1000 === 0 ? [] : [size % 1000]),
    ]);
    expect(contentOf(bench.storages).equals(content)).toBe(true);
    const fileIds = [...at(bench.storages, 0).files.keys()].map((name) => `group1/${name}`);
    expect(files.map((file) => file.fileId)).toEqual(fileIds);
  });

  it('leaves it whole when that is asked for', async () => {
    const files = await store(await startBench(), randomBytes(3500), true);
    expect(files.map((file) => file.size)).toEqual([3500]);
  });

  it('passes over a storage server that is down, and leaves it alone for a while', async () => {
    const bench = await startBench({ group1: 2 });
    await at(bench.storages, 0).stop();
    await store(bench, Buffer.alloc(2500, 1));
    expect(contentOf([at(bench.storages, 1)])).toEqual(Buffer.alloc(2500, 1));
    // The tracker named the dead one three times; it was tried once, if no ping had failed before.
    const failed = bench.closed.filter((reason) => reason === 'connect-failed');
    expect(failed.length).toBeLessThanOrEqual(1);
  });

  it('goes to another group when all of one are down', async () => {
    const bench = await startBench({ group1: 2, group2: 1 });
    await at(bench.storages, 0).stop();
    await at(bench.storages, 1).stop();
    const [file] = await store(bench, Buffer.alloc(10));
    expect(file?.fileId).toMatch(/^group2\//);
  });

  it('says that no space is left when every tracker says so', async () => {
    const bench = await startBench();
    bench.tracker.intercept = (peer) => {
      peer.answer(NO_SPACE);
      return true;
    };
    await expect(store(bench, Buffer.alloc(10))).rejects.toMatchObject({
      name: 'BlobStoreError',
      reason: 'no-space',
    });
  });

  it('says that the cluster is unavailable when no tracker is there, and recovers', async () => {
    const bench = await startBench();
    await bench.tracker.stop();
    await expect(store(bench, Buffer.alloc(10))).rejects.toMatchObject({ reason: 'unavailable' });
    await bench.tracker.start();
    expect(await store(bench, Buffer.alloc(10))).toHaveLength(1);
  });

  it('recovers when all storage servers were down', async () => {
    const bench = await startBench();
    for (const storage of bench.storages) await storage.stop();
    await expect(store(bench, Buffer.alloc(10))).rejects.toMatchObject({ reason: 'unavailable' });
    for (const storage of bench.storages) await storage.start();
    expect(await store(bench, Buffer.alloc(10))).toHaveLength(1);
  });

  it('refuses a file whose name tells another checksum than that of the bytes', async () => {
    const { store, storages } = await startBench({ group1: 1 });
    at(storages, 0).crcError = 1;
    const onStored = vi.fn();
    const result = store.storeBuffer(Buffer.alloc(10), { signal, onStored });
    await expect(result).rejects.toMatchObject({ reason: 'corrupt' });
    // The caller has to queue it: a delete here might fail, and the file would stay for good.
    const [fileName] = at(storages, 0).files.keys();
    expect(onStored.mock.calls).toMatchObject([[{ fileId: `group1/${fileName}`, size: 10 }]]);
  });

  it('does not offer a request that is wrong to further servers', async () => {
    const bench = await startBench();
    for (const storage of bench.storages) {
      storage.intercept = (peer) => {
        peer.answer(22);
        return true;
      };
    }
    await expect(store(bench, Buffer.alloc(10))).rejects.toMatchObject({ reason: 'unavailable' });
    expect(bench.storages.flatMap((storage) => storage.requests)).toEqual([UPLOAD]);
  });
});

describe('storing in a group', () => {
  it('keeps to it, also when its servers are down', async () => {
    const { store, storages } = await startBench({ group1: 1, group2: 1 });
    const options = { signal, groupName: 'group2' };
    const [file] = await store.storeBuffer(Buffer.alloc(10), options);
    expect(file?.fileId).toMatch(/^group2\//);
    await at(storages, 1).stop();
    const result = store.storeBuffer(Buffer.alloc(10), options);
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
    expect(at(storages, 0).requests).toEqual([]);
  });

  it('that no tracker lists says so', async () => {
    const { store, tracker } = await startBench({ group1: 1 });
    tracker.intercept = (peer, { code }) => {
      if (code === 104) peer.answer(2);
      return code === 104;
    };
    const result = (groupName: string) => store.storeBuffer(Buffer.alloc(1), { signal, groupName });
    await expect(result('group9')).rejects.toMatchObject({
      reason: 'no-such-group',
      message: expect.stringContaining('group9'),
    });
    await expect(result('group1')).rejects.toMatchObject({ reason: 'unavailable' });
  });
});

describe('a storage server that fails once bytes were sent', () => {
  async function failingBench(fail: 'close' | 'full'): Promise<Bench> {
    const bench = await startBench();
    at(bench.storages, 0).intercept = (peer, { code }) => {
      if (code !== UPLOAD) return false;
      if (fail === 'close') peer.socket.resetAndDestroy();
      else peer.answer(NO_SPACE);
      return true;
    };
    return bench;
  }

  it.each(['close', 'full'] as const)('is replaced unseen for a buffer (%s)', async (fail) => {
    const { store, storages } = await failingBench(fail);
    const content = randomBytes(2500);
    expect(await store.storeBuffer(content, { signal })).toHaveLength(3);
    expect(contentOf([at(storages, 1)]).equals(content)).toBe(true);
  });

  it.each([
    ['close', 'unavailable'],
    ['full', 'no-space'],
  ] as const)('ends a stream (%s): %s', async (fail, reason) => {
    const { store } = await failingBench(fail);
    const result = store.storeStream(inChunks(Buffer.alloc(500), 100), 500, { signal });
    await expect(result).rejects.toMatchObject({ reason });
  });

  it('means no space only when all servers are full', async () => {
    const { store, storages } = await failingBench('full');
    at(storages, 1).intercept = (peer) => {
      peer.answer(NO_SPACE);
      return true;
    };
    const result = store.storeBuffer(Buffer.alloc(10), { signal });
    await expect(result).rejects.toMatchObject({ reason: 'no-space' });
    await at(storages, 0).stop();
    const another = store.storeBuffer(Buffer.alloc(10), { signal });
    await expect(another).rejects.toMatchObject({ reason: 'unavailable' });
  });

  it('tells which segments before are complete', async () => {
    const { store, storages } = await startBench();
    at(storages, 0).intercept = (peer) => {
      if (at(storages, 0).requests.length < 3) return false;
      peer.socket.resetAndDestroy();
      return true;
    };
    const told: StoredFile[] = [];
    const onStored = (file: StoredFile) => told.push(file);
    const options = { signal, onStored };
    const result = store.storeStream(inChunks(Buffer.alloc(5000), 700), 5000, options);
    await expect(result).rejects.toBeInstanceOf(BlobStoreError);
    expect(told.map((file) => file.size)).toEqual([1000, 1000]);
    expect(at(storages, 0).files.size).toBe(2);
  });
});

describe('content that fails', () => {
  const trouble = new Error('digest is wrong');

  async function* failingAt(bytes: number): AsyncGenerator<Buffer, void, void> {
    yield Buffer.alloc(bytes);
    throw trouble;
  }

  it.each([
    ['in mid-segment', 1500, 1],
    ['between segments', 2000, 2],
    ['behind its last byte', 2500, 2],
  ])('%s is rethrown as it is, and its last file never appears', async (_name, bytes, complete) => {
    const { store, storages } = await startBench();
    const told: StoredFile[] = [];
    const onStored = (file: StoredFile) => told.push(file);
    const result = store.storeStream(failingAt(bytes), 2500, { signal, onStored });
    await expect(result).rejects.toBe(trouble);
    expect(told).toHaveLength(complete);
    expect(at(storages, 0).files.size).toBe(complete);
  });

  it.each([2499, 2501])('by having %i bytes instead of 2500 is an error', async (bytes) => {
    const { store } = await startBench();
    const result = store.storeStream(inChunks(Buffer.alloc(bytes), 400), 2500, { signal });
    await expect(result).rejects.toMatchObject({ name: 'ContentSizeError' });
  });

  it('is freed when a storage server fails', async () => {
    const { store, storages } = await startBench({ group1: 1 });
    at(storages, 0).intercept = (peer) => {
      peer.answer(NO_SPACE);
      return true;
    };
    let isFreed = false;
    async function* source() {
      try {
        for (;;) yield Buffer.alloc(100);
      } finally {
        isFreed = true;
      }
    }
    await expect(store.storeStream(source(), 5000, { signal })).rejects.toBeInstanceOf(
      BlobStoreError,
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(isFreed).toBe(true);
  });

  it('stops with the reason of the signal', async () => {
    const { store, storages } = await startBench();
    const cancel = new AbortController();
    async function* content() {
      yield Buffer.alloc(600);
      yield Buffer.alloc(600);
      cancel.abort(new Error('the client is gone'));
      yield Buffer.alloc(600);
    }
    const result = store.storeStream(content(), 1800, { signal: cancel.signal });
    await expect(result).rejects.toThrow('the client is gone');
    expect(at(storages, 1).requests).toEqual([]);
  });

  it('tells of a file that a storage server had all bytes of when the signal came', async () => {
    const { store, storages } = await startBench({ group1: 1 });
    const cancel = new AbortController();
    at(storages, 0).intercept = (_peer, { code }) => {
      if (code === UPLOAD) cancel.abort(new Error('the client is gone'));
      return false;
    };
    const onStored = vi.fn();
    const options = { signal: cancel.signal, onStored };
    await store.storeBuffer(Buffer.alloc(10), options).catch(() => {});
    const [fileName] = at(storages, 0).files.keys();
    expect(onStored.mock.calls).toMatchObject([[{ fileId: `group1/${fileName}`, size: 10 }]]);
  });
});

describe('the state of the cluster', () => {
  it('tells which trackers can be reached and what they know', async () => {
    const dead = await closedPort();
    const { store, tracker, storages } = await startBench({ group1: 2 });
    at(storages, 1).status = 5;
    const state = await store.clusterState();
    expect(state.trackers).toEqual([{ ...tracker.address, reachable: true, problem: null }]);
    expect(state.groups).toMatchObject([
      {
        groupName: 'group1',
        totalMib: 1000,
        freeMib: 400,
        storageServers: [
          { id: '1', ...at(storages, 0).address, status: 'ACTIVE', version: '6.16.1' },
          { id: '2', status: 'OFFLINE', lastHeartbeatMs: 1_795_000_000_000 },
        ],
      },
    ]);
    const { store: other } = await startBench({ group1: 1 }, { trackers: [dead, tracker.address] });
    expect((await other.clusterState()).trackers).toEqual([
      { ...dead, reachable: false, problem: expect.stringContaining('ECONNREFUSED') },
      { ...tracker.address, reachable: true, problem: null },
    ]);
  });

  it('of a cluster that is gone is told as well', async () => {
    const dead = await closedPort();
    const { store } = await startBench({ group1: 1 }, { trackers: [dead] });
    expect(await store.clusterState()).toMatchObject({
      trackers: [{ reachable: false }],
      groups: [],
    });
  });
});
