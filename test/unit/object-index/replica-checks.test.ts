import { describe, expect, it } from 'vitest';
import { openSqliteIndex } from '../../../src/object-index/sqlite-index.ts';
import { newFileId, newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import {
  createBucket,
  indexEngines,
  NOW_MS,
  REPLICA_CHECK_DELAY_MS,
  useIndex,
} from '../../support/object-index.ts';

const DUE_MS = NOW_MS + REPLICA_CHECK_DELAY_MS;

const segmentsOf = (...fileIds: string[]) =>
  fileIds.map((fileId) => ({ fileId, fileOffset: 0, size: 5 }));

describe.each(indexEngines)('looks at replicas in $name', ({ open }) => {
  const tested = useIndex(open);

  const due = async (nowMs = DUE_MS, groupName = 'group1') =>
    (await tested.index.listDueReplicaChecks(groupName, nowMs, 100)).map(({ fileId }) => fileId);

  it('are due for each file of a new object, after the delay', async () => {
    const { index, bucketId } = tested;
    const [first, second] = [newFileId(), newFileId()];
    await putObject(index, newObject(bucketId, 'k', { segments: segmentsOf(first, second) }));
    expect(await due(DUE_MS - 1)).toEqual([]);
    expect(await index.listDueReplicaChecks('group1', DUE_MS, 100)).toEqual(
      [first, second].sort().map((fileId) => ({
        ...{ fileId, dueMs: DUE_MS, bucketId, key: 'k', storedAtMs: NOW_MS, attempts: 0 },
      })),
    );
  });

  it('are due for a new part, and still when it became an object', async () => {
    const { index, bucketId } = tested;
    const upload = newUpload(bucketId, 'k', 'u');
    await index.createUpload(upload);
    const fileId = newFileId();
    await index.putPart(newPart(upload, 1, { segments: segmentsOf(fileId) }));
    expect(await due()).toEqual([fileId]);
    await index.completeUpload({
      ...{ bucketId, key: 'k', uploadId: 'u', etag: 'e', checksum: null, lastModifiedMs: 1 },
      parts: [{ partNumber: 1, etag: 'etag-1' }],
    });
    expect(await due()).toEqual([fileId]);
  });

  it('are not due for files that all storage servers confirmed, and not for copies', async () => {
    const { index, bucketId } = tested;
    const segments = segmentsOf(newFileId()).map((one) => ({ ...one, isReplicated: true }));
    const source = await putObject(index, newObject(bucketId, 'k', { segments }));
    await index.copyObject({
      ...{ source: { bucketId, key: 'k' }, sourceObjectId: source.id, description: null },
      ...{ destination: { bucketId, key: 'copy' }, ownerId: 'o', lastModifiedMs: 1 },
    });
    expect(await index.countReplicaChecks()).toBe(0);
  });

  it('are told by group, with the oldest one', async () => {
    const { index, bucketId } = tested;
    const put = (key: string, fileId: string) =>
      putObject(index, newObject(bucketId, key, { segments: segmentsOf(fileId) }));
    const [one, two, three] = [newFileId('group2'), newFileId('group1'), newFileId('group2')];
    await put('a', one);
    await put('b', two);
    await put('c', three);
    const check = { fileId: one, dueMs: DUE_MS };
    await index.postponeReplicaChecks([{ check, untilMs: DUE_MS + 500 }]);
    expect(await index.listReplicaCheckQueues()).toEqual([
      { groupName: 'group1', oldestDueMs: DUE_MS },
      { groupName: 'group2', oldestDueMs: DUE_MS },
    ]);
    expect(await due(DUE_MS, 'group2')).toEqual([three]);
    await index.finishReplicaChecks([{ fileId: three, dueMs: DUE_MS }]);
    expect(await index.listReplicaCheckQueues()).toEqual([
      { groupName: 'group1', oldestDueMs: DUE_MS },
      { groupName: 'group2', oldestDueMs: DUE_MS + 500 },
    ]);
    expect(await index.listDueReplicaChecks('group2', DUE_MS + 500, 10)).toMatchObject([
      { fileId: one, dueMs: DUE_MS + 500, attempts: 1 },
    ]);
    // It was put off: what was to be done about it before is void.
    await index.finishReplicaChecks([check]);
    expect(await index.countReplicaChecks()).toBe(2);
  });

  it('of many files are finished at once', async () => {
    const { index, bucketId } = tested;
    const fileIds = Array.from({ length: 700 }, () => newFileId());
    await putObject(index, newObject(bucketId, 'k', { segments: segmentsOf(...fileIds) }));
    expect(await index.countReplicaChecks()).toBe(700);
    const checks = await index.listDueReplicaChecks('group1', DUE_MS, 1000);
    await index.finishReplicaChecks(checks.slice(1));
    expect(await due()).toEqual(checks.slice(0, 1).map(({ fileId }) => fileId));
  });
});

it('no file is noted when nothing looks at replicas', async () => {
  const index = await openSqliteIndex({ path: ':memory:', deleteDelayMs: 0, threads: false });
  await putObject(index, newObject(await createBucket(index, 'b'), 'k'));
  expect(await index.countReplicaChecks()).toBe(0);
  await index.close();
});
