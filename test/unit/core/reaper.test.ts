import { describe, expect, it, vi } from 'vitest';
import { Reaper } from '../../../src/core/reaper.ts';
import { createTestCore, type TestCore } from '../../support/core-services.ts';
import { listAllDue } from '../../support/object-index.ts';

const fileId = (number: number) => `group1/M00/00/00/f${number}`;

/** Core with files 1 to `count` stored and queued, due now. */
async function withQueued(count: number): Promise<TestCore> {
  const core = await createTestCore();
  const fileIds = Array.from({ length: count }, (_, index) => fileId(index + 1));
  for (const id of fileIds) core.blobs.files.set(id, Buffer.from('x'));
  await core.index.queueDeletions(fileIds, core.clock.nowMs);
  return core;
}

describe('a look into the queue', () => {
  it('deletes what is due and forgets it', async () => {
    const core = await withQueued(3);
    await core.index.queueDeletions([fileId(9)], core.clock.nowMs + 1);
    core.blobs.files.set(fileId(9), Buffer.from('x'));
    expect(await new Reaper(core).runOnce()).toBe(3);
    expect([...core.blobs.files.keys()]).toEqual([fileId(9)]);
    expect(await core.index.countDeletions()).toBe(1);
  });

  it('takes no more than a batch', async () => {
    const core = await withQueued(5);
    const reaper = new Reaper(core, { batchSizeMax: 2 });
    expect([await reaper.runOnce(), await reaper.runOnce(), await reaper.runOnce()]).toEqual([
      2, 2, 1,
    ]);
    expect(await core.index.countDeletions()).toBe(0);
  });

  it('runs no more deletions at a time than it may', async () => {
    const core = await withQueued(10);
    let [running, runningMax] = [0, 0];
    vi.spyOn(core.blobs, 'delete').mockImplementation(async () => {
      running += 1;
      runningMax = Math.max(runningMax, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    });
    await new Reaper(core, { concurrencyMax: 3 }).runOnce();
    expect(runningMax).toBe(3);
    expect(await core.index.countDeletions()).toBe(0);
  });

  it('puts off what cannot be deleted, longer each time, and deletes the rest', async () => {
    const core = await withQueued(3);
    core.blobs.faults.undeletable = new Set([fileId(2)]);
    const reaper = new Reaper(core, { intervalMs: 1000 });
    for (const delayMs of [1000, 2000, 4000]) {
      await reaper.runOnce();
      expect(await core.index.countDeletions()).toBe(1);
      expect(await listAllDue(core.index, core.clock.nowMs + delayMs - 1)).toEqual([]);
      core.clock.nowMs += delayMs;
    }
    core.blobs.faults.undeletable.clear();
    await reaper.runOnce();
    expect(core.blobs.files.size).toBe(0);
    expect(await core.index.countDeletions()).toBe(0);
  });

  it('tries again after an hour at the latest', async () => {
    const core = await withQueued(1);
    core.blobs.faults.undeletable = new Set([fileId(1)]);
    const reaper = new Reaper(core, { intervalMs: 1000 });
    for (let attempt = 0; attempt < 40; attempt += 1) {
      expect(await reaper.runOnce()).toBe(1);
      core.clock.nowMs += 3_600_000;
    }
  });

  it('forgets uploads that were completed a day ago', async () => {
    const core = await createTestCore();
    const forget = vi.spyOn(core.index, 'forgetCompletedUploads');
    const reaper = new Reaper({ ...core, index: core.index });
    await reaper.runOnce();
    await reaper.runOnce();
    expect(forget.mock.calls).toEqual([[core.clock.nowMs - 86_400_000]]);
  });
});

describe('in the background', () => {
  it('the queue is worked on until the reaper is stopped', async () => {
    const core = await withQueued(5);
    const reaper = new Reaper(core, { batchSizeMax: 2, intervalMs: 1 });
    reaper.start();
    await vi.waitFor(async () => expect(await core.index.countDeletions()).toBe(0));
    await reaper.stop();
    await core.index.queueDeletions([fileId(9)], core.clock.nowMs);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await core.index.countDeletions()).toBe(1);
  });

  it('stopping ends a deletion that hangs and keeps it in the queue', async () => {
    const core = await withQueued(1);
    const remove = vi.spyOn(core.blobs, 'delete').mockImplementation((_fileId, { signal }) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    });
    const reaper = new Reaper(core);
    reaper.start();
    await vi.waitFor(() => expect(remove).toHaveBeenCalled());
    await reaper.stop();
    const [waiting] = await listAllDue(core.index, core.clock.nowMs);
    expect(waiting).toMatchObject({ fileId: fileId(1), attempts: 0 });
  });

  it('an index that fails does not end it', async () => {
    const core = await withQueued(1);
    const due = vi.spyOn(core.index, 'listDueGroups').mockRejectedValueOnce(new Error('locked'));
    const reaper = new Reaper({ ...core, index: core.index }, { intervalMs: 1 });
    reaper.start();
    await vi.waitFor(async () => expect(await core.index.countDeletions()).toBe(0));
    await reaper.stop();
    expect(due.mock.calls.length).toBeGreaterThan(1);
  });

  it('stopping one that never started resolves', async () => {
    await new Reaper(await createTestCore()).stop();
  });
});
