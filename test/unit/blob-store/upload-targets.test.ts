import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { BlobStoreEvent } from '../../../src/blob-store/blob-store.ts';
import type { FastdfsBlobStoreSettings } from '../../../src/blob-store/fastdfs-blob-store.ts';
import type { FakeStorage } from '../../support/fake-cluster.ts';
import { at, type Bench, contentOf, neverAborted, startBench } from './harness.ts';

const UPLOAD = 11;
const MIB = 2 ** 20;
const signal = neverAborted;

async function startToldBench(
  groups: Readonly<Record<string, number>>,
  settings: Partial<FastdfsBlobStoreSettings> = {},
): Promise<Bench & { events: BlobStoreEvent[] }> {
  const events: BlobStoreEvent[] = [];
  const onEvent = (event: BlobStoreEvent) => events.push(event);
  return { ...(await startBench(groups, { onEvent, ...settings })), events };
}

function uploadsAt(storage: FakeStorage): number {
  return storage.requests.filter((code) => code === UPLOAD).length;
}

function refusing(storage: FakeStorage, status: number): void {
  storage.intercept = (peer, { code }) => {
    if (code === UPLOAD) peer.answer(status);
    return code === UPLOAD;
  };
}

const groupOf = (fileId: string | undefined) => fileId?.split('/')[0];

describe('a storage server that the tracker names', () => {
  it('is asked although the view sees none as ACTIVE, as that of a tracker just started', async () => {
    const bench = await startBench({ group1: 2 });
    for (const storage of bench.storages) storage.status = 5;
    const [file] = await bench.store.storeBuffer(Buffer.alloc(10), { signal });
    expect(file?.size).toBe(10);
  });

  it.each([
    [
      'is not ACTIVE',
      (storage: FakeStorage) => {
        storage.status = 5;
      },
    ],
    [
      'would be at its reserve with the file',
      (storage: FakeStorage) => {
        storage.freeMib = 101;
      },
    ],
  ])('is passed over before a byte is sent when it %s', async (_name, spoil) => {
    const { store, storages } = await startBench({ group1: 2 });
    spoil(at(storages, 0));
    await store.storeBuffer(Buffer.alloc(10), { signal });
    expect(storages.map(uploadsAt)).toEqual([0, 1]);
  });

  it('is judged by the size of the file', async () => {
    const { store, storages } = await startBench(
      { group1: 1, group2: 1 },
      { segmentSizeBytesMax: 4 * MIB },
    );
    at(storages, 0).freeMib = 103;
    const [small] = await store.storeBuffer(Buffer.alloc(MIB), { signal });
    const [large] = await store.storeBuffer(Buffer.alloc(3 * MIB), { signal });
    expect([small, large].map((file) => groupOf(file?.fileId))).toEqual(['group1', 'group2']);
  });

  it('means no space when no other has any, and nothing of the body is read', async () => {
    const { store, storages } = await startBench({ group1: 2 });
    for (const storage of storages) storage.freeMib = 100;
    const pulled = vi.fn();
    async function* content() {
      pulled();
      yield Buffer.alloc(10);
    }
    await expect(store.storeStream(content(), 10, { signal })).rejects.toMatchObject({
      reason: 'no-space',
    });
    expect(pulled).not.toHaveBeenCalled();
    expect(storages.map(uploadsAt)).toEqual([0, 0]);
  });
});

describe('a storage server that refuses', () => {
  it.each([28, 5, 16, 30])('with %i is left alone for uploads from then on', async (status) => {
    const { store, storages, events } = await startToldBench({ group1: 2 });
    refusing(at(storages, 0), status);
    for (let count = 0; count < 3; count++) {
      await store.storeBuffer(Buffer.alloc(10), { signal });
    }
    expect(storages.map(uploadsAt)).toEqual([1, 3]);
    const server = `127.0.0.1:${at(storages, 0).address.port}`;
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'breaker', server, use: 'write', state: 'open' }),
    );
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'failover', command: 'UPLOAD_FILE', server }),
    );
  });

  it('is the last choice, not a forbidden one', async () => {
    const { store, storages } = await startBench({ group1: 1 });
    refusing(at(storages, 0), 5);
    await expect(store.storeBuffer(Buffer.alloc(10), { signal })).rejects.toMatchObject({
      message: expect.stringContaining('UPLOAD_FILE'),
    });
    at(storages, 0).intercept = () => false;
    expect(await store.storeBuffer(Buffer.alloc(10), { signal })).toHaveLength(1);
  });
});

describe('a file that arrives damaged', () => {
  it('is stored again elsewhere, told of for its deletion, and counted', async () => {
    const { store, storages, events } = await startToldBench({ group1: 2 });
    at(storages, 0).crcError = 1;
    const onStored = vi.fn();
    const content = randomBytes(10);
    const [file] = await store.storeBuffer(content, { signal, onStored });
    expect(contentOf([at(storages, 1)]).equals(content)).toBe(true);
    const [[damaged], [good]] = onStored.mock.calls as [[{ fileId: string }], [{ fileId: string }]];
    expect(damaged.fileId).toBe(`group1/${[...at(storages, 0).files.keys()][0]}`);
    expect(good.fileId).toBe(file?.fileId);
    expect(events).toContainEqual({
      kind: 'checksum-mismatch',
      direction: 'upload',
      server: `127.0.0.1:${at(storages, 0).address.port}`,
      fileId: damaged.fileId,
    });
  });
});

describe('placement', () => {
  it('round-robin takes one good group after the other', async () => {
    const groups = { group1: 1, group2: 1, group3: 1 };
    const { store, storages } = await startBench(groups, { placement: 'round-robin' });
    at(storages, 1).status = 5;
    for (let count = 0; count < 6; count++) {
      await store.storeBuffer(Buffer.alloc(10), { signal });
    }
    expect(uploadsAt(at(storages, 1))).toBe(0);
    expect(uploadsAt(at(storages, 0))).toBeGreaterThan(0);
    expect(uploadsAt(at(storages, 2))).toBeGreaterThan(0);
  });

  it('free-space takes the group with the most', async () => {
    const groups = { group1: 1, group2: 2 };
    const { store, storages } = await startBench(groups, { placement: 'free-space' });
    at(storages, 1).freeMib = 500;
    at(storages, 2).freeMib = 600;
    const [file] = await store.storeBuffer(Buffer.alloc(10), { signal });
    expect(groupOf(file?.fileId)).toBe('group2');
  });

  it.each(['round-robin', 'free-space'] as const)(
    '%s gives way to a pinned group',
    async (placement) => {
      const { store } = await startBench({ group1: 1, group2: 1 }, { placement });
      const [file] = await store.storeBuffer(Buffer.alloc(10), { signal, groupName: 'group2' });
      expect(groupOf(file?.fileId)).toBe('group2');
    },
  );

  it('goes on by the view while no tracker answers', async () => {
    const { store, tracker } = await startBench({ group1: 1 });
    await store.storeBuffer(Buffer.alloc(10), { signal });
    await tracker.stop();
    expect(await store.storeBuffer(Buffer.alloc(10), { signal })).toHaveLength(1);
  });
});
