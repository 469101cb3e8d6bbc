import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { FileCopy, StorageServerState } from '../../../../src/blob-store/blob-store.ts';
import {
  ReplicaChecker,
  type ReplicaCheckResult,
} from '../../../../src/core/replicas/replica-checker.ts';
import { groupState, storageServerState } from '../../../support/cluster-states.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { copiesOf } from '../../../support/file-copies.ts';
import { putText } from '../../../support/put-text.ts';

const MINUTE_MS = 60_000;

let core: TestCore;
let results: ReplicaCheckResult[];
let copies: Map<string, readonly FileCopy[]>;
let asked: string[];
beforeEach(async () => {
  core = await createTestCore();
  core.blobs.servers = ['a:1', 'b:1'];
  results = [];
  copies = new Map();
  asked = [];
  core.blobs.faults.copies = copies;
  const findCopies = core.blobs.findCopies.bind(core.blobs);
  core.blobs.findCopies = async (fileId) => {
    asked.push(fileId);
    return await findCopies(fileId);
  };
  setGroup({}, {});
});

function setGroup(...servers: Partial<StorageServerState>[]): void {
  core.blobs.groups = [groupState(servers.map((given) => storageServerState(given)))];
}

const newChecker = () =>
  new ReplicaChecker(core, {
    ...{ repairAfterMs: 5 * MINUTE_MS, intervalMs: 1 },
    onResult: (result) => results.push(result),
  });

/** Lets so many minutes pass and takes a look. */
async function lookAfter(checker: ReplicaChecker, minutes: number): Promise<number> {
  core.clock.nowMs += minutes * MINUTE_MS;
  const count = await checker.runOnce();
  await checker.settled();
  return count;
}

const waiting = () => core.index.countReplicaChecks();
const fileOf = async (key: string) =>
  (await core.index.findObject(core.bucket.id, key))?.fileId ?? '';
const kinds = () => results.filter(({ kind }) => kind !== 'checked').map(({ kind }) => kind);

describe('a new file', () => {
  it('is looked at once, a minute after it was written, when all have it', async () => {
    await putText(core, 'k', 'text');
    const checker = newChecker();
    expect(await lookAfter(checker, 0.9)).toBe(0);
    expect(await lookAfter(checker, 0.1)).toBe(1);
    expect(results).toEqual([{ kind: 'checked', verdict: 'whole' }]);
    expect(await waiting()).toBe(0);
  });

  it('that comes late is not stored anew', async () => {
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf('present', 'missing'));
    const checker = newChecker();
    await lookAfter(checker, 1);
    await lookAfter(checker, 1);
    copies.delete(fileId);
    await lookAfter(checker, 3);
    expect(await waiting()).toBe(0);
    expect(await fileOf('k')).toBe(fileId);
  });

  it.each([
    ['has one copy', ['present', 'missing']],
    ['has a copy that is cut', ['present', 'damaged']],
  ] as const)('that %s is stored anew after five minutes, not before', async (_case, states) => {
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf(...states));
    const checker = newChecker();
    for (const minutes of [1, 1, 2, 0.99]) await lookAfter(checker, minutes);
    expect(await fileOf('k')).toBe(fileId);
    await lookAfter(checker, 0.01);
    expect(await fileOf('k')).not.toBe(fileId);
    expect(kinds()).toEqual(['repaired']);
    expect(await waiting()).toBe(0);
    expect(await core.queued()).toEqual([fileId]);
  });

  it('that could not be stored anew is tried again', async () => {
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf('present', 'missing'));
    const checker = newChecker();
    await lookAfter(checker, 5);
    core.blobs.faults.storeUnavailable = true;
    await lookAfter(checker, 1);
    expect(kinds()).toEqual(['repair-failed']);
    core.blobs.faults.storeUnavailable = false;
    await lookAfter(checker, 10);
    expect(kinds()).toEqual(['repair-failed', 'repaired']);
    expect(await waiting()).toBe(0);
  });

  it('that a repair was begun for is looked at again when the process has ended', async () => {
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf('present', 'missing'));
    const first = newChecker();
    await lookAfter(first, 5);
    core.blobs.onOpen = async () => {
      void first.stop();
    };
    core.clock.nowMs += MINUTE_MS;
    await first.runOnce();
    await first.settled();
    expect(await fileOf('k')).toBe(fileId);
    core.blobs.onOpen = null;
    await lookAfter(newChecker(), 10);
    expect(await fileOf('k')).not.toBe(fileId);
  });

  it('that was deleted is neither stored anew nor lost', async () => {
    const [single, missing] = [await putText(core, 'k', 'one'), await putText(core, 'k2', 'two')];
    copies.set(single, copiesOf('present', 'missing'));
    copies.set(missing, copiesOf('missing', 'missing'));
    await core.index.deleteObjects(core.bucket.id, ['k', 'k2']);
    const checker = newChecker();
    for (const minutes of [5, 1]) await lookAfter(checker, minutes);
    expect(kinds()).toEqual([]);
    expect(await waiting()).toBe(0);
  });

  it('that is nowhere is told as lost, at the second look', async () => {
    const error = vi.spyOn(core.logger, 'error').mockReturnValue(undefined);
    copies.set(await putText(core, 'k', 'text'), copiesOf('missing', 'missing'));
    const checker = newChecker();
    await lookAfter(checker, 5);
    expect(kinds()).toEqual([]);
    await lookAfter(checker, 1);
    expect(kinds()).toEqual(['lost']);
    expect(error.mock.calls[0]?.[1]).toBe('no storage server has a file that is needed');
    expect(await waiting()).toBe(0);
  });

  it('that two of three have is left alone, and given up after a day', async () => {
    setGroup({}, {}, {});
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf('present', 'present', 'missing'));
    const checker = newChecker();
    await lookAfter(checker, 10);
    expect(await waiting()).toBe(1);
    await lookAfter(checker, 24 * 60);
    expect(await waiting()).toBe(0);
    expect(await fileOf('k')).toBe(fileId);
  });
});

describe('a group', () => {
  it('of one storage server is asked nothing', async () => {
    setGroup({}, { status: 'DELETED', isReadable: false });
    await putText(core, 'k', 'text');
    expect(await lookAfter(newChecker(), 1)).toBe(1);
    expect(asked).toEqual([]);
    expect(await waiting()).toBe(0);
  });

  it.each([
    ['of which one storage server is down', () => setGroup({}, { isReadable: false })],
    [
      'that no tracker tells',
      () => {
        core.blobs.groups = [];
      },
    ],
  ])('%s is left alone for a while, without a write', async (_case, fail) => {
    fail();
    await putText(core, 'k', 'text');
    const checker = newChecker();
    const postpone = vi.spyOn(core.index, 'postponeReplicaChecks');
    expect(await lookAfter(checker, 1)).toBe(0);
    setGroup({}, {});
    expect(await lookAfter(checker, 0)).toBe(0);
    expect(await lookAfter(checker, 1 / 6)).toBe(0);
    expect(postpone).not.toHaveBeenCalled();
    // What the server that came back has in its change log is on its way now.
    expect(await lookAfter(checker, 0.49)).toBe(0);
    expect(await lookAfter(checker, 0.01)).toBe(1);
    expect(await waiting()).toBe(0);
  });

  it('that fails while it is asked is left alone, without a write', async () => {
    const fileIds = [await putText(core, 'k', 'text'), await putText(core, 'k2', 'text')];
    for (const fileId of fileIds) copies.set(fileId, copiesOf('present', 'unknown'));
    const checker = newChecker();
    const postpone = vi.spyOn(core.index, 'postponeReplicaChecks');
    await lookAfter(checker, 1);
    await lookAfter(checker, 0);
    expect(asked.sort()).toEqual(fileIds.sort());
    expect(postpone).not.toHaveBeenCalled();
    copies.clear();
    expect(await lookAfter(checker, 1)).toBe(0);
    expect(await lookAfter(checker, 1)).toBe(2);
    expect(await waiting()).toBe(0);
  });

  it('is not held up by a file of which nobody knows anything', async () => {
    const strange = await putText(core, 'k', 'text');
    await putText(core, 'k2', 'text');
    const findCopies = core.blobs.findCopies;
    core.blobs.findCopies = (fileId, options) =>
      fileId === strange ? Promise.reject(new Error('no file ID')) : findCopies(fileId, options);
    expect(await lookAfter(newChecker(), 1)).toBe(2);
    expect(await waiting()).toBe(1);
  });

  it('does not hold up another one', async () => {
    setGroup({}, { isReadable: false });
    const servers = [storageServerState(), storageServerState()];
    core.blobs.groups = [...core.blobs.groups, groupState(servers, { groupName: 'group2' })];
    await putText(core, 'k', 'text');
    await core.index.putObject({
      ...{ bucketId: core.bucket.id, key: 'k2', ownerId: 'o', etag: 'e', checksum: null },
      ...{ lastModifiedMs: 1, headers: {}, userMetadata: {}, size: 1 },
      segments: [{ fileId: 'group2/M00/00/00/other', fileOffset: 0, size: 1 }],
    });
    expect(await lookAfter(newChecker(), 1)).toBe(1);
    expect(asked).toEqual(['group2/M00/00/00/other']);
  });
});

describe('a round', () => {
  it('takes a batch of each group, and more when it is late', async () => {
    const checker = new ReplicaChecker(core, { repairAfterMs: 5 * MINUTE_MS, batchSizeMax: 2 });
    for (let number = 0; number < 9; number += 1) await putText(core, `k${number}`, 'text');
    expect(await lookAfter(checker, 1)).toBe(2);
    expect(await lookAfter(checker, 0)).toBe(2);
    expect(await lookAfter(checker, 1)).toBe(4);
  });

  it('asks for no more files at a time than it may', async () => {
    let [running, runningMax] = [0, 0];
    core.blobs.findCopies = async () => {
      running += 1;
      runningMax = Math.max(runningMax, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return copiesOf('present', 'present');
    };
    for (let number = 0; number < 9; number += 1) await putText(core, `k${number}`, 'text');
    const options = { repairAfterMs: 5 * MINUTE_MS, concurrencyMax: 3 };
    expect(await lookAfter(new ReplicaChecker(core, options), 1)).toBe(9);
    expect(runningMax).toBe(3);
  });
});

describe('in the background', () => {
  it('files are looked at until the checker is stopped', async () => {
    const checker = newChecker();
    checker.start();
    await putText(core, 'k', 'text');
    core.clock.nowMs += MINUTE_MS;
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
    await checker.stop();
    await putText(core, 'k2', 'text');
    core.clock.nowMs += MINUTE_MS;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await waiting()).toBe(1);
  });

  it('an index that fails does not end it', async () => {
    const queues = vi
      .spyOn(core.index, 'listReplicaCheckQueues')
      .mockRejectedValueOnce(new Error('locked'));
    await putText(core, 'k', 'text');
    core.clock.nowMs += MINUTE_MS;
    const checker = newChecker();
    checker.start();
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
    await checker.stop();
    expect(queues.mock.calls.length).toBeGreaterThan(1);
  });

  it('stopping ends a look that hangs and keeps the file in line', async () => {
    await putText(core, 'k', 'text');
    core.clock.nowMs += MINUTE_MS;
    core.blobs.findCopies = (_fileId: string, options?: { signal: AbortSignal }) => {
      asked.push('hangs');
      return new Promise((_resolve, reject) => {
        options?.signal.addEventListener('abort', () => reject(options.signal.reason));
      });
    };
    const checker = newChecker();
    checker.start();
    await vi.waitFor(() => expect(asked).toEqual(['hangs']));
    await checker.stop();
    expect(await waiting()).toBe(1);
  });
});

it('a round is over when all groups are, even if one fails', async () => {
  const fileId = await putText(core, 'k', 'text');
  const other = 'group2/M00/00/00/other';
  await core.index.putObject({
    ...{ bucketId: core.bucket.id, key: 'o', ownerId: 'o', etag: 'e', checksum: null },
    ...{ lastModifiedMs: 1, headers: {}, userMetadata: {}, size: 1 },
    segments: [{ fileId: other, fileOffset: 0, size: 1 }],
  });
  const servers = [storageServerState({}), storageServerState({})];
  core.blobs.groups = ['group1', 'group2'].map((groupName) => ({
    ...groupState(servers),
    groupName,
  }));
  const list = core.index.listDueReplicaChecks.bind(core.index);
  vi.spyOn(core.index, 'listDueReplicaChecks').mockImplementation((groupName, ...rest) =>
    groupName === 'group2' ? Promise.reject(new Error('too many')) : list(groupName, ...rest),
  );
  let isAnswered = false;
  core.blobs.findCopies = async (asked) => {
    expect(asked).toBe(fileId);
    await new Promise((resolve) => setTimeout(resolve, 20));
    isAnswered = true;
    return copiesOf('present', 'present');
  };
  core.clock.nowMs += MINUTE_MS;
  await expect(newChecker().runOnce()).rejects.toThrow('too many');
  expect(isAnswered).toBe(true);
});
