import { describe, expect, it } from 'vitest';
import { deleteFile } from '../../../src/fastdfs/protocol/commands/delete-file.ts';
import { queryUpdate } from '../../../src/fastdfs/protocol/commands/query-fetch.ts';
import type { FakeStorage } from '../../support/fake-cluster.ts';
import { at, type Bench, neverAborted, startBench } from './harness.ts';

const DELETE = deleteFile.code;
const DELETED = 4;
const OFFLINE = 5;
const signal = neverAborted;

/** A group whose first server took the upload of a file. */
async function withFile(
  storageCount: number,
  where: { readonly copiedTo?: readonly number[] } = {},
): Promise<Bench & { readonly fileId: string }> {
  const bench = await startBench({ group1: storageCount }, { clusterViewRefreshMs: 20 });
  const [file] = await bench.store.storeBuffer(Buffer.alloc(10), { signal });
  if (file === undefined) throw new Error('nothing stored');
  const { files } = at(bench.storages, 0);
  for (const index of where.copiedTo ?? []) {
    for (const [name, content] of files) at(bench.storages, index).files.set(name, content);
  }
  return { ...bench, fileId: file.fileId };
}

/** As when its machine is gone; the trackers may go on naming it for minutes. */
async function die(storage: FakeStorage, status = 7): Promise<void> {
  storage.status = status;
  await storage.stop();
}

const isDeleted = ({ store, fileId }: Bench & { readonly fileId: string }) =>
  store.delete(fileId, { signal }).then(
    () => true,
    () => false,
  );

const deletions = ({ requests }: FakeStorage) => requests.filter((code) => code === DELETE).length;

describe('deleting a file', () => {
  it('is done at its source', async () => {
    const bench = await withFile(2);
    await bench.store.delete(bench.fileId, { signal });
    expect(at(bench.storages, 0).files.size).toBe(0);
    expect(deletions(at(bench.storages, 1))).toBe(0);
    expect(bench.tracker.requests).not.toContain(queryUpdate.code);
  });

  it('is done when its source says that it does not exist', async () => {
    const bench = await withFile(2);
    await bench.store.delete(bench.fileId, { signal });
    await bench.store.delete(bench.fileId, { signal });
    expect(deletions(at(bench.storages, 1))).toBe(0);
  });

  it('is done at each replica when the source has lost its own copy', async () => {
    const bench = await withFile(3, { copiedTo: [1, 2] });
    at(bench.storages, 0).files.clear();
    await bench.store.delete(bench.fileId, { signal });
    expect(bench.storages.map(({ files }) => files.size)).toEqual([0, 0, 0]);
  });

  it('is refused when a replica does not delete what the source has lost', async () => {
    const bench = await withFile(2, { copiedTo: [1] });
    at(bench.storages, 0).files.clear();
    at(bench.storages, 1).intercept = (peer, { code }) => {
      if (code === DELETE) peer.answer(13);
      return code === DELETE;
    };
    const result = bench.store.delete(bench.fileId, { signal });
    await expect(result).rejects.toMatchObject({ reason: 'refused' });
  });

  it.each([5, 13])('is refused when the source answers %i', async (status) => {
    const bench = await withFile(2, { copiedTo: [1] });
    at(bench.storages, 0).intercept = (peer, { code }) => {
      if (code === DELETE) peer.answer(status);
      return code === DELETE;
    };
    const result = bench.store.delete(bench.fileId, { signal });
    await expect(result).rejects.toMatchObject({ reason: 'refused' });
    expect(at(bench.storages, 1).files.size).toBe(1);
  });

  it.each([
    ['the trackers know it', OFFLINE],
    ['the trackers still name it', 7],
  ])('is done at a replica that has it while the source is down and %s', async (_, status) => {
    const bench = await withFile(2, { copiedTo: [1] });
    await die(at(bench.storages, 0), status);
    await bench.store.delete(bench.fileId, { signal });
    expect(at(bench.storages, 1).files.size).toBe(0);
  });

  it('looks for a replica that has it, while the source is down', async () => {
    const bench = await withFile(3, { copiedTo: [2] });
    await die(at(bench.storages, 0));
    await bench.store.delete(bench.fileId, { signal });
    expect(at(bench.storages, 2).files.size).toBe(0);
  });

  it('is refused when no replica has it and the source is down', async () => {
    const bench = await withFile(2);
    await die(at(bench.storages, 0), OFFLINE);
    const result = bench.store.delete(bench.fileId, { signal });
    await expect(result).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringContaining('its source'),
    });
    await at(bench.storages, 0).start();
    at(bench.storages, 0).status = 7;
    await expect.poll(() => isDeleted(bench)).toBe(true);
    expect(at(bench.storages, 0).files.size).toBe(0);
  });

  it('is unavailable when no server of the group can be talked to', async () => {
    const bench = await withFile(2, { copiedTo: [1] });
    for (const storage of bench.storages) await die(storage);
    const result = bench.store.delete(bench.fileId, { signal });
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
  });

  it('is unavailable when no tracker and no server answers', async () => {
    const bench = await startBench();
    await bench.tracker.stop();
    const fileId = 'group1/M00/00/00/Ck0BC2sAwcGAd_EWAAAAAfvbJhU7723416';
    const result = bench.store.delete(fileId, { signal });
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
  });

  it('is unavailable when the trackers do not know the group', async () => {
    const bench = await startBench();
    const fileId = 'group9/M00/00/00/Ck0BC2sAwcGAd_EWAAAAAfvbJhU7723416';
    const result = bench.store.delete(fileId, { signal });
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
  });

  it('goes on without trackers while the source answers', async () => {
    const bench = await withFile(2);
    await bench.store.delete(bench.fileId, { signal });
    const [file] = await bench.store.storeBuffer(Buffer.alloc(20), { signal });
    await bench.tracker.stop();
    await bench.store.delete(file?.fileId ?? '', { signal });
    expect(at(bench.storages, 0).files.size).toBe(0);
  });
});

describe('deleting a file whose source left the cluster', () => {
  /** It left before the gateway was started, and its machine is gone. */
  async function leave(bench: Bench, how: 'is DELETED' | 'is not listed'): Promise<void> {
    await die(at(bench.storages, 0), DELETED);
    at(bench.storages, 0).isListed = how === 'is DELETED';
    const statusOfSource = async () => {
      const [group] = (await bench.store.clusterState()).groups;
      return group?.storageServers.find(({ id }) => id === '1')?.status ?? 'none';
    };
    await expect.poll(statusOfSource).toBe(how === 'is DELETED' ? 'DELETED' : 'none');
  }

  describe.each(['is DELETED', 'is not listed'] as const)('and %s', (how) => {
    it('is done at another server that has it', async () => {
      const bench = await withFile(3, { copiedTo: [2] });
      await leave(bench, how);
      await bench.store.delete(bench.fileId, { signal });
      expect(at(bench.storages, 2).files.size).toBe(0);
    });

    it('is done when all others say that it does not exist', async () => {
      const bench = await withFile(3);
      await leave(bench, how);
      expect(await isDeleted(bench)).toBe(true);
    });

    it('is refused while one of the others cannot tell', async () => {
      const bench = await withFile(3);
      await die(at(bench.storages, 2), OFFLINE);
      await leave(bench, how);
      const result = bench.store.delete(bench.fileId, { signal });
      await expect(result).rejects.toMatchObject({ reason: 'refused' });
    });
  });
});
