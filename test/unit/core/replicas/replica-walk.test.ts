import { beforeEach, describe, expect, it } from 'vitest';
import type { FileCopy } from '../../../../src/blob-store/blob-store.ts';
import { accessOf } from '../../../../src/core/access/access.ts';
import { copyObject } from '../../../../src/core/copy-object.ts';
import {
  ReplicaWalk,
  type ReplicaWalkOptions,
} from '../../../../src/core/replicas/replica-walk.ts';
import {
  needsAttention,
  newWalkState,
  type ReplicaWalkState,
} from '../../../../src/core/replicas/walk-state.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { copiesOf } from '../../../support/file-copies.ts';
import { putText } from '../../../support/put-text.ts';

let core: TestCore;
let copies: Map<string, readonly FileCopy[]>;
beforeEach(async () => {
  core = await createTestCore();
  core.blobs.servers = ['a:1', 'b:1'];
  copies = new Map();
  core.blobs.faults.copies = copies;
});

/** A walk to its end, or for so many pages. */
async function walk(
  options: Partial<ReplicaWalkOptions> = {},
  from: ReplicaWalkState = newWalkState,
  pagesMax = Number.POSITIVE_INFINITY,
): Promise<ReplicaWalkState> {
  const replicaWalk = new ReplicaWalk(core, {
    ...{ bucketId: null, repairs: false, filesPerSecond: 100_000, repairAfterMs: 300_000 },
    ...options,
  });
  let state = from;
  for (let page = 0; page < pagesMax && !state.isFinished; page += 1) {
    ({ state } = await replicaWalk.step(state, new AbortController().signal));
    // It must survive being kept in a file.
    state = JSON.parse(JSON.stringify(state)) as ReplicaWalkState;
  }
  return state;
}

async function copy(to: string): Promise<void> {
  await copyObject(core, {
    source: { bucketName: 'photos', key: 'k', versionId: null, conditions: {} },
    ...{ bucket: core.bucket, key: to, access: accessOf(core.alice), metadataDirective: 'COPY' },
    description: { headers: {}, userMetadata: {} },
  });
}

const fileOf = async (key: string) =>
  (await core.index.findObject(core.bucket.id, key))?.fileId ?? '';

describe('a walk', () => {
  it('counts what is whole and finds nothing', async () => {
    for (const key of ['a', 'b', 'c']) await putText(core, key, key);
    const state = await walk();
    expect(state).toMatchObject({
      isFinished: true,
      referenceCount: 3,
      fileCount: 3,
      findings: [],
    });
    expect(state.verdictCounts.whole).toBe(3);
    expect(needsAttention(state)).toBe(false);
  });

  it.each([
    ['single-copy', ['present', 'missing']],
    ['partial', ['present', 'present', 'missing']],
    ['damaged', ['present', 'damaged']],
    ['missing', ['missing', 'missing']],
  ] satisfies [string, FileCopy['state'][]][])(
    'tells which file is %s, and changes nothing',
    async (verdict, states) => {
      const fileId = await putText(core, 'k', 'text');
      copies.set(fileId, copiesOf(...states));
      const state = await walk();
      expect(state.findings).toEqual([
        {
          ...{ fileId, verdict, copies: copiesOf(...states), problem: null },
          references: [
            {
              ...{ fileId, bucketId: core.bucket.id, key: 'k', uploadId: null },
              ...{ fileOffset: 0, size: 4, isWholeFile: true },
            },
          ],
          ...{ referenceCount: 1, action: 'none', newFileId: null, remainingCount: 0 },
        },
      ]);
      expect(needsAttention(state)).toBe(true);
      expect(await fileOf('k')).toBe(fileId);
    },
  );

  it('only counts files of servers that are down', async () => {
    copies.set(await putText(core, 'k', 'text'), copiesOf('present', 'unknown'));
    const state = await walk({ repairs: true });
    expect(state.findings).toEqual([]);
    expect(state.verdictCounts.unknown).toBe(1);
    expect(needsAttention(state)).toBe(true);
  });

  it('leaves files alone that are too young to have replicas', async () => {
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf('present', 'missing'));
    core.blobs.storedAtMs.set(fileId, core.clock.nowMs - 299_999);
    const young = await walk({ repairs: true });
    expect(young).toMatchObject({ youngCount: 1, findings: [] });
    expect(needsAttention(young)).toBe(false);
    core.blobs.storedAtMs.set(fileId, core.clock.nowMs - 300_000);
    expect(await walk({ repairs: true })).toMatchObject({ youngCount: 0, repairedCount: 1 });
  });

  it('says nothing of a missing file that was deleted meanwhile', async () => {
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf('missing', 'missing'));
    const findCopies = core.blobs.findCopies.bind(core.blobs);
    core.blobs.findCopies = async (asked) => {
      await core.index.deleteObjects(core.bucket.id, ['k']);
      return await findCopies(asked);
    };
    expect((await walk()).findings).toEqual([]);
  });

  it('keeps to a bucket', async () => {
    const { bucket } = await core.index.createBucket({
      ...{ name: 'other', ownerId: core.alice.userId, locationConstraint: null, createdAtMs: 1 },
    });
    await putText(core, 'k', 'text');
    await putText({ ...core, bucket }, 'k', 'text');
    expect(await walk({ bucketId: bucket.id })).toMatchObject({ referenceCount: 1 });
  });

  it('goes on where it was stopped, page by page', async () => {
    for (let number = 0; number < 25; number += 1) await putText(core, `k${number}`, 'text');
    const looked: string[] = [];
    const findCopies = core.blobs.findCopies.bind(core.blobs);
    core.blobs.findCopies = async (asked) => {
      looked.push(asked);
      return await findCopies(asked);
    };
    const half = await walk({ pageSizeMax: 10 }, newWalkState, 2);
    expect(half).toMatchObject({ isFinished: false, fileCount: 20 });
    const end = await walk({ pageSizeMax: 10 }, half);
    expect(end).toMatchObject({ isFinished: true, fileCount: 25, referenceCount: 25 });
    expect(new Set(looked).size).toBe(25);
    expect(looked.length).toBe(25);
  });

  it('gives a page up that is ended in its middle', async () => {
    await putText(core, 'k', 'text');
    const controller = new AbortController();
    core.blobs.findCopies = async () => {
      controller.abort(new Error('stopped'));
      throw controller.signal.reason;
    };
    const replicaWalk = new ReplicaWalk(core, {
      ...{ bucketId: null, repairs: true, filesPerSecond: 1_000, repairAfterMs: 0 },
    });
    await expect(replicaWalk.step(newWalkState, controller.signal)).rejects.toThrow('stopped');
  });
});

describe('with repairs', () => {
  it.each([
    [['present', 'missing'] as const],
    [['present', 'damaged'] as const],
    [['present', 'present', 'missing'] as const],
  ])('a file that servers have as %j is stored anew', async (states) => {
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf(...states));
    const state = await walk({ repairs: true });
    const newFileId = await fileOf('k');
    expect(newFileId).not.toBe(fileId);
    expect(state.findings).toMatchObject([{ fileId, action: 'repaired', newFileId }]);
    expect(state.repairedCount).toBe(1);
    expect(needsAttention(state)).toBe(false);
    expect((await walk()).findings).toEqual([]);
  });

  it('a file that nobody has stays a finding', async () => {
    copies.set(await putText(core, 'k', 'text'), copiesOf('missing', 'missing'));
    const state = await walk({ repairs: true });
    expect(state.findings).toMatchObject([{ verdict: 'missing', action: 'none' }]);
    expect(needsAttention(state)).toBe(true);
  });

  it('a file that cannot be stored anew stays a finding, with the reason', async () => {
    const fileId = await putText(core, 'k', 'text');
    copies.set(fileId, copiesOf('present', 'missing'));
    core.blobs.faults.storeUnavailable = true;
    const state = await walk({ repairs: true });
    expect(state.findings).toMatchObject([
      { action: 'failed', problem: 'no storage server can be reached' },
    ]);
    expect(needsAttention(state)).toBe(true);
  });

  it('a file under many keys is stored once, and none refers to the old one', async () => {
    const fileId = await putText(core, 'k', 'text');
    const keys = ['k2', 'k3', 'k4'];
    for (const key of keys) await copy(key);
    copies.set(fileId, copiesOf('present', 'missing'));
    // Pages of one reference each.
    const state = await walk({ repairs: true, pageSizeMax: 1 }, newWalkState, 1);
    expect(state.findings).toMatchObject([{ action: 'repaired', remainingCount: 3 }]);
    expect(needsAttention(state)).toBe(true);
    const end = await walk({ repairs: true }, state);
    expect(end.findings).toMatchObject([{ referenceCount: 4, remainingCount: 0 }]);
    expect(end.repairedCount).toBe(1);
    expect(needsAttention(end)).toBe(false);
    for (const key of keys) expect(await fileOf(key)).toBe(await fileOf('k'));
    expect(await core.queued()).toEqual([fileId]);
  });
});

it('a walk that is ended waits for files on their way, and queues them', async () => {
  const fileIds = await Promise.all(['a', 'b'].map((key) => putText(core, key, key)));
  for (const fileId of fileIds) copies.set(fileId, copiesOf('present', 'missing'));
  const controller = new AbortController();
  const storeStream = core.blobs.storeStream.bind(core.blobs);
  let storeCount = 0;
  core.blobs.storeStream = async (content, size, options) => {
    storeCount += 1;
    if (storeCount === 2) {
      controller.abort(new Error('stopped'));
      throw controller.signal.reason;
    }
    // As a storage server that has all bytes, and answers some time after the walk was ended.
    const { signal } = new AbortController();
    const stored = await storeStream(content, size, { ...options, signal, onStored: () => {} });
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const file of stored) options.onStored?.(file);
    throw controller.signal.reason;
  };
  const options = { bucketId: null, filesPerSecond: 100_000, repairAfterMs: 0 };
  const replicaWalk = new ReplicaWalk(core, { ...options, repairs: true });
  await expect(replicaWalk.step(newWalkState, controller.signal)).rejects.toThrow('stopped');
  const strays = [...core.blobs.files.keys()].filter((fileId) => !fileIds.includes(fileId));
  expect(strays.length).toBe(1);
  expect(await core.queued()).toEqual(strays);
});
