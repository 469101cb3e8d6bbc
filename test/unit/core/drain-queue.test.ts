import { describe, expect, it, vi } from 'vitest';
import { BlobStoreError } from '../../../src/blob-store/blob-store.ts';
import { type DrainOptions, drainQueue } from '../../../src/core/drain-queue.ts';
import { Reaper } from '../../../src/core/reaper.ts';
import { createTestCore, type TestCore } from '../../support/core-services.ts';

const options: DrainOptions = {
  isEarly: false,
  concurrencyMax: 8,
  signal: new AbortController().signal,
};

async function queue(core: TestCore, groupName: string, count: number, delayMs = 0) {
  const fileIds = Array.from({ length: count }, (_, i) => `${groupName}/M00/00/00/${delayMs}-${i}`);
  for (const fileId of fileIds) core.blobs.files.set(fileId, Buffer.from('x'));
  await core.index.queueDeletions(fileIds, core.clock.nowMs + delayMs);
  return fileIds;
}

describe('draining the queue', () => {
  it('deletes what is due in all groups, telling how far it is', async () => {
    const core = await createTestCore();
    await queue(core, 'group2', 700);
    await queue(core, 'group1', 3);
    await queue(core, 'group1', 5, 1000);
    let done = 0;
    const onProgress = (count: number) => {
      done += count;
    };
    expect(await drainQueue(core, { ...options, onProgress })).toMatchObject([
      { groupName: 'group1', deletedCount: 3, refusedCount: 0, unreachable: null },
      { groupName: 'group2', deletedCount: 700, refusedCount: 0, unreachable: null },
    ]);
    expect(done).toBe(703);
    expect(core.blobs.files.size).toBe(5);
    expect(await core.index.countDeletions()).toBe(5);
  });

  it('can delete what is not due yet', async () => {
    const core = await createTestCore();
    await queue(core, 'group1', 2, 86_400_000);
    expect(await drainQueue(core, { ...options, isEarly: true })).toMatchObject([
      { deletedCount: 2 },
    ]);
    expect(core.blobs.files.size).toBe(0);
  });

  it('tries each file once, though it puts off what is refused to a time that counts', async () => {
    const core = await createTestCore();
    const fileIds = await queue(core, 'group1', 3);
    core.blobs.faults.undeletable = new Set(fileIds.slice(1));
    const remove = vi.spyOn(core.blobs, 'delete');
    expect(await drainQueue(core, { ...options, isEarly: true })).toMatchObject([
      { deletedCount: 1, refusedCount: 2, refused: { fileId: fileIds[1] } },
    ]);
    expect(remove).toHaveBeenCalledTimes(3);
  });

  it('gives up a group that cannot be reached after one file', async () => {
    const core = await createTestCore();
    await queue(core, 'group1', 50);
    await queue(core, 'group2', 2);
    const real = core.blobs.delete.bind(core.blobs);
    const remove = vi.spyOn(core.blobs, 'delete').mockImplementation(async (fileId, settings) => {
      if (fileId.startsWith('group1/')) throw new BlobStoreError('unavailable', 'down');
      await real(fileId, settings);
    });
    expect(await drainQueue(core, options)).toMatchObject([
      { groupName: 'group1', deletedCount: 0, unreachable: { message: 'down' } },
      { groupName: 'group2', deletedCount: 2, unreachable: null },
    ]);
    expect(remove).toHaveBeenCalledTimes(3);
    expect(await core.index.countDeletions()).toBe(50);
  });

  it('and a gateway that does the same leave nothing in the queue', async () => {
    const core = await createTestCore();
    await queue(core, 'group1', 600);
    // As a replica does while the source is down: it has the file for the first one who asks.
    vi.spyOn(core.blobs, 'delete').mockImplementation(async (fileId) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (!core.blobs.files.delete(fileId)) throw new BlobStoreError('refused', 'not on 10.0.0.2');
    });
    const reaper = new Reaper({ ...core }, { batchSizeMax: 50 });
    const [[drain]] = await Promise.all([drainQueue(core, options), reaper.runOnce()]);
    expect(core.blobs.files.size).toBe(0);
    expect(await core.index.countDeletions()).toBe(0);
    expect(drain?.unreachable).toBe(null);
  });
});
