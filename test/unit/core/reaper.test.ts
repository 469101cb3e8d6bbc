import { afterEach, describe, expect, it, vi } from 'vitest';
import { BlobStoreError } from '../../../src/blob-store/blob-store.ts';
import type { GroupDeletionsResult } from '../../../src/core/group-deletions.ts';
import {
  createKeylessUpload,
  keylessUploadsKeptMs,
} from '../../../src/core/multipart/keyless-uploads.ts';
import { Reaper, type ReaperOptions } from '../../../src/core/reaper.ts';
import { IndexError } from '../../../src/object-index/object-index.ts';
import { createTestCore, deleteDelayMs, type TestCore } from '../../support/core-services.ts';
import { newPart } from '../../support/new-records.ts';
import { listAllDue } from '../../support/object-index.ts';

const fileId = (number: number, group = 'group1') => `${group}/M00/00/00/f${number}`;

const running: Reaper[] = [];
afterEach(async () => {
  for (const reaper of running.splice(0)) await reaper.stop();
});

function newReaper(core: TestCore, options: ReaperOptions = {}): Reaper {
  const reaper = new Reaper({ ...core }, { monotonicNow: () => core.clock.nowMs, ...options });
  running.push(reaper);
  return reaper;
}

/** Stores and queues files 1 to `count` of a group, due now. */
async function queue(core: TestCore, count: number, group = 'group1'): Promise<void> {
  const fileIds = Array.from({ length: count }, (_, index) => fileId(index + 1, group));
  for (const id of fileIds) core.blobs.files.set(id, Buffer.from('x'));
  await core.index.queueDeletions(fileIds, core.clock.nowMs);
}

async function withQueued(count: number): Promise<TestCore> {
  const core = await createTestCore();
  await queue(core, count);
  return core;
}

/** Lets every deletion fail as when no server of these groups can be reached. */
function cutOff(core: TestCore, ...groups: string[]) {
  const remove = core.blobs.delete.bind(core.blobs);
  return vi.spyOn(core.blobs, 'delete').mockImplementation(async (id, options) => {
    if (groups.some((group) => id.startsWith(`${group}/`))) {
      throw new BlobStoreError('unavailable', 'no server can be reached');
    }
    await remove(id, options);
  });
}

describe('a look into the queue', () => {
  it('deletes what is due and forgets it', async () => {
    const core = await withQueued(3);
    await queue(core, 2, 'group2');
    await core.index.queueDeletions([fileId(9)], core.clock.nowMs + 1);
    core.blobs.files.set(fileId(9), Buffer.from('x'));
    await newReaper(core).runOnce();
    expect([...core.blobs.files.keys()]).toEqual([fileId(9)]);
    expect(await core.index.countDeletions()).toBe(1);
  });

  it('drops old uploads without a key, and their files once they are due', async () => {
    const core = await createTestCore();
    const { bucket, alice } = core;
    const who = { bucket, ownerId: alice.userId, initiatorId: alice.userId };
    const description = { headers: {}, userMetadata: {} };
    const upload = await createKeylessUpload(core, { ...who, description });
    const part = newPart(upload, 1);
    await core.index.putPart(part);
    const reaper = newReaper(core);
    await reaper.runOnce();
    expect(await core.index.findUpload(bucket.id, '', upload.uploadId)).not.toBeNull();
    core.clock.nowMs += keylessUploadsKeptMs * 1.1;
    await reaper.runOnce();
    expect(await core.index.findUpload(bucket.id, '', upload.uploadId)).toBeNull();
    expect(await core.queued()).toEqual(part.segments.map(({ fileId: id }) => id));
  });

  it('goes on batch by batch until nothing is due', async () => {
    const core = await withQueued(5);
    const list = vi.spyOn(core.index, 'listDueDeletions');
    await newReaper(core, { batchSizeMax: 2 }).runOnce();
    expect(await core.index.countDeletions()).toBe(0);
    expect(list).toHaveBeenCalledTimes(3);
  });

  it('runs no more deletions of a group at a time than it may', async () => {
    const core = await withQueued(10);
    let [now, most] = [0, 0];
    vi.spyOn(core.blobs, 'delete').mockImplementation(async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
    });
    await newReaper(core, { concurrencyMax: 3 }).runOnce();
    expect(most).toBe(3);
    expect(await core.index.countDeletions()).toBe(0);
  });

  it('forgets uploads that were completed a day ago', async () => {
    const core = await createTestCore();
    const forget = vi.spyOn(core.index, 'forgetCompletedUploads');
    const reaper = newReaper(core);
    await reaper.runOnce();
    await reaper.runOnce();
    expect(forget.mock.calls).toEqual([[core.clock.nowMs - 86_400_000]]);
  });

  it('tells what each run did', async () => {
    const core = await withQueued(3);
    core.blobs.faults.undeletable = new Set([fileId(2)]);
    const runs: [string, GroupDeletionsResult][] = [];
    await newReaper(core, { onRun: (...run) => runs.push(run) }).runOnce();
    expect(runs).toMatchObject([
      ['group1', { deletedCount: 2, refusedCount: 1, unreachable: null }],
    ]);
  });
});

describe('a file that is refused', () => {
  it('is put off, longer each time, and the rest is deleted', async () => {
    const core = await withQueued(3);
    core.blobs.faults.undeletable = new Set([fileId(2)]);
    const reaper = newReaper(core);
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

  it('is tried again after an hour at the latest', async () => {
    const core = await withQueued(1);
    core.blobs.faults.undeletable = new Set([fileId(1)]);
    const remove = vi.spyOn(core.blobs, 'delete');
    const reaper = newReaper(core);
    for (let attempt = 1; attempt <= 40; attempt += 1) {
      await reaper.runOnce();
      expect(remove).toHaveBeenCalledTimes(attempt);
      core.clock.nowMs += 3_600_000;
    }
  });

  it('can be seen with its problem', async () => {
    const core = await withQueued(1);
    core.blobs.faults.undeletable = new Set([fileId(1)]);
    await newReaper(core).runOnce();
    expect(await core.index.listFailingDeletions(10)).toMatchObject([
      { fileId: fileId(1), attempts: 1, problem: expect.stringContaining('cannot be deleted') },
    ]);
  });
});

describe('a group that is down', () => {
  it('does not delay the others, however many files it has', async () => {
    const core = await createTestCore();
    await queue(core, 2000, 'group1');
    core.clock.nowMs += 1;
    await queue(core, 20, 'group2');
    cutOff(core, 'group1');
    await newReaper(core, { batchSizeMax: 100 }).runOnce();
    expect(await core.index.deletionQueueState(core.clock.nowMs)).toMatchObject([
      { groupName: 'group1', queuedCount: 2000, dueCount: 2000, failingCount: 0 },
    ]);
  });

  it('does not delay the others when its servers do not even answer', async () => {
    const core = await createTestCore();
    await queue(core, 20, 'group1');
    await queue(core, 20, 'group2');
    vi.spyOn(core.blobs, 'delete').mockImplementation((id, { signal }) => {
      if (!id.startsWith('group1/')) return Promise.resolve();
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    });
    newReaper(core, { intervalMs: 1 }).start();
    await vi.waitFor(async () => expect(await core.index.countDeletions()).toBe(20));
    await queue(core, 20, 'group3');
    await vi.waitFor(async () => expect(await core.index.countDeletions()).toBe(20));
  });

  it('costs no write, and is tried with one file, ever more seldom, until it is back', async () => {
    const core = await withQueued(50);
    const remove = cutOff(core, 'group1');
    const postpone = vi.spyOn(core.index, 'postponeDeletions');
    const finish = vi.spyOn(core.index, 'finishDeletions');
    const reaper = newReaper(core, { concurrencyMax: 4 });
    await reaper.runOnce();
    expect(remove.mock.calls.length).toBeLessThanOrEqual(4);
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      remove.mockClear();
      core.clock.nowMs += pauseMs - 1;
      await reaper.runOnce();
      expect(remove).not.toHaveBeenCalled();
      core.clock.nowMs += 1;
      await reaper.runOnce();
      expect(remove).toHaveBeenCalledTimes(1);
    }
    expect(postpone).not.toHaveBeenCalled();
    expect(finish).not.toHaveBeenCalled();
    expect(reaper.pausedGroups()).toEqual([
      { groupName: 'group1', failures: 9, problem: 'no server can be reached' },
    ]);
    remove.mockRestore();
    core.clock.nowMs += 60_000;
    await reaper.runOnce();
    expect(await core.index.countDeletions()).toBe(0);
    expect(reaper.pausedGroups()).toEqual([]);
  });

  it('starts with a short pause again after it has worked', async () => {
    const core = await withQueued(2);
    const remove = vi.spyOn(core.blobs, 'delete');
    const down = () => Promise.reject(new BlobStoreError('unavailable', 'down'));
    const reaper = newReaper(core, { concurrencyMax: 1, batchSizeMax: 1 });
    remove.mockImplementation(down);
    await reaper.runOnce();
    core.clock.nowMs += 1000;
    await reaper.runOnce();
    core.clock.nowMs += 2000;
    remove.mockResolvedValueOnce();
    await reaper.runOnce();
    expect(reaper.pausedGroups()).toMatchObject([{ failures: 1 }]);
  });
});

describe('a file that is being read', () => {
  it('is deleted when its last reader has gone', async () => {
    const core = await withQueued(2);
    const readers = [core.openFiles.hold(), core.openFiles.hold()];
    for (const reader of readers) reader.add(fileId(1));
    const reaper = newReaper(core);
    for (const reader of readers) {
      await reaper.runOnce();
      expect([...core.blobs.files.keys()]).toEqual([fileId(1)]);
      core.clock.nowMs += 30_000;
      reader.release();
    }
    await reaper.runOnce();
    expect(core.blobs.files.size).toBe(0);
    expect(await core.index.countDeletions()).toBe(0);
  });

  it('does not count as one that cannot be deleted', async () => {
    const core = await withQueued(1);
    core.openFiles.hold().add(fileId(1));
    await newReaper(core).runOnce();
    expect(await core.index.listFailingDeletions(10)).toEqual([]);
  });
});

describe('files that other processes read', () => {
  it('stay, and are asked for once a batch, after it was read from the queue', async () => {
    const core = await withQueued(5);
    const asked: (readonly string[])[] = [];
    const findOpenElsewhere = async (fileIds: readonly string[]) => {
      asked.push(fileIds);
      return new Set([fileId(2), fileId(5)]);
    };
    await newReaper(core, { batchSizeMax: 3, findOpenElsewhere }).runOnce();
    expect(asked).toEqual([[1, 2, 3].map((n) => fileId(n)), [4, 5].map((n) => fileId(n))]);
    expect([...core.blobs.files.keys()]).toEqual([fileId(2), fileId(5)]);
    expect(await core.index.countDeletions()).toBe(2);
    expect(await core.index.listFailingDeletions(10)).toEqual([]);
  });

  it('nothing is deleted while nobody can say which they are', async () => {
    const core = await withQueued(2);
    const remove = vi.spyOn(core.blobs, 'delete');
    let isKnown = false;
    const reaper = newReaper(core, {
      findOpenElsewhere: async () => {
        if (!isKnown) throw new Error('worker 2 does not answer');
        return new Set();
      },
    });
    await reaper.runOnce();
    expect(remove).not.toHaveBeenCalled();
    expect(reaper.pausedGroups()).toMatchObject([{ problem: 'worker 2 does not answer' }]);
    isKnown = true;
    core.clock.nowMs += 1000;
    await reaper.runOnce();
    expect(await core.index.countDeletions()).toBe(0);
  });
});

describe('in the background', () => {
  it('the queue is worked on until the reaper is stopped', async () => {
    const core = await withQueued(5);
    const reaper = newReaper(core, { batchSizeMax: 2, intervalMs: 1 });
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
    const reaper = newReaper(core);
    reaper.start();
    await vi.waitFor(() => expect(remove).toHaveBeenCalled());
    await reaper.stop();
    const [waiting] = await listAllDue(core.index, core.clock.nowMs);
    expect(waiting).toMatchObject({ fileId: fileId(1), attempts: 0 });
  });

  it('an index that fails does not end it', async () => {
    const core = await withQueued(1);
    const due = vi.spyOn(core.index, 'listDueGroups').mockRejectedValueOnce(new Error('locked'));
    newReaper(core, { intervalMs: 1 }).start();
    await vi.waitFor(async () => expect(await core.index.countDeletions()).toBe(0));
    expect(due.mock.calls.length).toBeGreaterThan(1);
  });

  it('an index that cannot note what is done lets the group rest', async () => {
    const core = await withQueued(1);
    const remove = vi.spyOn(core.blobs, 'delete');
    const finish = vi.spyOn(core.index, 'finishDeletions');
    finish.mockRejectedValueOnce(new IndexError('full', 'no space left'));
    const reaper = newReaper(core);
    await reaper.runOnce();
    await reaper.runOnce();
    expect(remove).toHaveBeenCalledTimes(1);
    core.clock.nowMs += 1000;
    await reaper.runOnce();
    expect(await core.index.countDeletions()).toBe(0);
  });

  it('what waits for the index is queued as soon as that takes it', async () => {
    const core = await createTestCore();
    const take = vi.spyOn(core.index, 'queueDeletions');
    take.mockRejectedValueOnce(new IndexError('full', 'no space left'));
    await core.orphans.queue([fileId(1)]);
    expect(await core.queued()).toEqual([]);
    core.clock.nowMs += deleteDelayMs;
    const reaper = newReaper(core, { intervalMs: 1 });
    reaper.start();
    await vi.waitFor(async () => expect(await core.queued()).toEqual([fileId(1)]));
  });

  it('stopping one that never started resolves', async () => {
    await newReaper(await createTestCore()).stop();
  });
});
