import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteIndex } from '../../../src/object-index/sqlite-index.ts';
import {
  createBucket,
  type IndexUnderTest,
  indexEngines,
  NOW_MS,
  newFileId,
  newObject,
  newPart,
  newUpload,
  putObject,
  REPLICA_CHECK_DELAY_MS,
} from '../../support/object-index.ts';

const DUE_MS = NOW_MS + REPLICA_CHECK_DELAY_MS;

const segmentsOf = (...fileIds: string[]) =>
  fileIds.map((fileId) => ({ fileId, fileOffset: 0, size: 5 }));

describe.each(indexEngines)('looks at replicas in $name', ({ open }) => {
  let tested: IndexUnderTest;
  beforeEach(async () => {
    tested = await open();
  });
  afterEach(() => tested.close());

  const due = async (nowMs = DUE_MS, groupName = 'group1') =>
    (await tested.index.listDueReplicaChecks(groupName, nowMs, 100)).map(({ fileId }) => fileId);

  it('are due for each file of a new object, after the delay', async () => {
    const { index, bucketId } = tested;
    const [first, second] = [newFileId(), newFileId()];
    await putObject(index, newObject(bucketId, 'k', { segments: segmentsOf(first, second) }));
    expect(await due(DUE_MS - 1)).toEqual([]);
    expect(await index.listDueReplicaChecks('group1', DUE_MS, 100)).toEqual(
      [first, second].map((fileId) => ({
        ...{ fileId, bucketId, key: 'k', storedAtMs: NOW_MS, attempts: 0 },
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

  it('are not due any more when the file is not needed any more', async () => {
    const { index, bucketId } = tested;
    const old = await putObject(index, newObject(bucketId, 'k'));
    const now = await putObject(index, newObject(bucketId, 'k'));
    expect(await due()).toEqual([now.fileId]);
    expect(await index.findReplicaChecks([old.fileId ?? '', now.fileId ?? ''])).toMatchObject([
      { fileId: now.fileId },
    ]);
    await index.deleteObjects(bucketId, ['k']);
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
    await index.postponeReplicaChecks([{ fileId: one, dueMs: DUE_MS + 500 }]);
    expect(await index.listReplicaCheckQueues()).toEqual([
      { groupName: 'group1', oldestDueMs: DUE_MS },
      { groupName: 'group2', oldestDueMs: DUE_MS },
    ]);
    expect(await due(DUE_MS, 'group2')).toEqual([three]);
    await index.finishReplicaChecks([three]);
    expect(await index.listReplicaCheckQueues()).toEqual([
      { groupName: 'group1', oldestDueMs: DUE_MS },
      { groupName: 'group2', oldestDueMs: DUE_MS + 500 },
    ]);
    expect(await index.findReplicaChecks([one])).toMatchObject([{ attempts: 1 }]);
    expect(await index.countReplicaChecks()).toBe(2);
  });

  it('of many files are finished at once', async () => {
    const { index, bucketId } = tested;
    const fileIds = Array.from({ length: 700 }, () => newFileId());
    await putObject(index, newObject(bucketId, 'k', { segments: segmentsOf(...fileIds) }));
    expect(await index.countReplicaChecks()).toBe(700);
    await index.finishReplicaChecks(fileIds.slice(1));
    expect(await due()).toEqual(fileIds.slice(0, 1));
  });
});

it('no file is noted when nothing looks at replicas', async () => {
  const index = await openSqliteIndex({ path: ':memory:', deleteDelayMs: 0, threads: false });
  await putObject(index, newObject(await createBucket(index, 'b'), 'k'));
  expect(await index.countReplicaChecks()).toBe(0);
  await index.close();
});
