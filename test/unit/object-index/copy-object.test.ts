import { describe, expect, it } from 'vitest';
import type { ObjectRecord } from '../../../src/object-index/records.ts';
import type { CopyObjectRequest } from '../../../src/object-index/write-requests.ts';
import { newFileId, newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import {
  createBucket,
  indexEngines,
  queuedFiles,
  sharedFiles,
  useIndex,
} from '../../support/object-index.ts';

function copyOf(
  source: ObjectRecord,
  key: string,
  overrides: Partial<CopyObjectRequest> = {},
): CopyObjectRequest {
  return {
    source: { bucketId: source.bucketId, key: source.key },
    sourceObjectId: source.id,
    destination: { bucketId: source.bucketId, key },
    ownerId: 'copier',
    lastModifiedMs: 99,
    description: null,
    ...overrides,
  };
}

describe.each(indexEngines)('copyObject in $name', ({ open }) => {
  const tested = useIndex(open);

  it('shares the file and keeps what the source says', async () => {
    const { index, bucketId } = tested;
    const otherBucketId = await createBucket(index, 'other');
    const source = await putObject(
      index,
      newObject(bucketId, 'a', { headers: { 'content-type': 'x/y' }, userMetadata: { k: 'v' } }),
    );
    const destination = { bucketId: otherBucketId, key: 'b' };
    const copied = await index.copyObject(copyOf(source, 'b', { destination }));
    const found = await index.findObject(otherBucketId, 'b');
    expect(copied).toEqual({ outcome: 'stored', object: found });
    expect(found).toEqual({
      ...source,
      id: found?.id,
      bucketId: otherBucketId,
      key: 'b',
      ownerId: 'copier',
      lastModifiedMs: 99,
    });
    expect(await sharedFiles(tested)).toEqual({ [source.fileId ?? '']: 2 });
  });

  it('queues the file when the last of its objects goes, whichever that is', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'a'));
    for (const key of ['b', 'c']) await index.copyObject(copyOf(source, key));
    await index.deleteObjects(bucketId, ['a']);
    await putObject(index, newObject(bucketId, 'b', { size: 0 }));
    expect(await queuedFiles(tested)).toEqual([]);
    expect(await sharedFiles(tested)).toEqual({});
    await index.deleteObjects(bucketId, ['c']);
    expect(await queuedFiles(tested)).toEqual([source.fileId]);
  });

  it('queues the file once when all of its objects go in one call', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'a'));
    for (const key of ['b', 'c']) await index.copyObject(copyOf(source, key));
    await index.deleteObjects(bucketId, ['a', 'b', 'c']);
    expect(await queuedFiles(tested)).toEqual([source.fileId]);
    expect(await sharedFiles(tested)).toEqual({});
  });

  it('replaces the description of an object copied onto itself', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'a'));
    const description = { headers: { 'content-type': 'new/type' }, userMetadata: { x: 'y' } };
    await index.copyObject(copyOf(source, 'a', { description }));
    expect(await index.findObject(bucketId, 'a')).toMatchObject({
      ...description,
      fileId: source.fileId,
      etag: source.etag,
    });
    expect(await sharedFiles(tested)).toEqual({});
    expect(await queuedFiles(tested)).toEqual([]);
  });

  it('copies segments and parts', async () => {
    const { index, bucketId } = tested;
    const upload = newUpload(bucketId, 'a', 'u');
    await index.createUpload(upload);
    const files = [newFileId(), newFileId(), newFileId()];
    const [one = '', two = '', three = ''] = files;
    await index.putPart(
      newPart(upload, 1, {
        segments: [
          { fileId: one, fileOffset: 0, size: 7 },
          { fileId: two, fileOffset: 0, size: 2 },
        ],
      }),
    );
    await index.putPart(
      newPart(upload, 2, { segments: [{ fileId: three, fileOffset: 0, size: 4 }] }),
    );
    const completed = await index.completeUpload({
      bucketId,
      key: 'a',
      uploadId: 'u',
      parts: [1, 2].map((partNumber) => ({ partNumber, etag: `etag-${partNumber}` })),
      etag: 'e-2',
      checksum: null,
      lastModifiedMs: 5,
    });
    if (completed.outcome !== 'completed') throw new Error(completed.outcome);
    const copied = await index.copyObject(copyOf(completed.object, 'b'));
    if (copied.outcome !== 'stored') throw new Error(copied.outcome);
    expect(copied.object).toMatchObject({ size: 13, etag: 'e-2', partCount: 2, fileId: null });
    expect(await index.listSegments(copied.object.id, 0, 10)).toEqual(
      await index.listSegments(completed.object.id, 0, 10),
    );
    expect(await index.findObjectPart(copied.object.id, 2)).toEqual({
      partNumber: 2,
      startOffset: 9,
      size: 4,
      checksumValue: null,
    });
    expect(await sharedFiles(tested)).toEqual({ [one]: 2, [two]: 2, [three]: 2 });
    await index.deleteObjects(bucketId, ['a', 'b']);
    expect(await queuedFiles(tested)).toEqual(files.sort());
  });

  it('copies an empty object', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'a', { size: 0 }));
    await index.copyObject(copyOf(source, 'b'));
    expect(await index.findObject(bucketId, 'b')).toMatchObject({ size: 0, fileId: null });
  });

  it('refuses when the source is another object by now, or gone', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'a'));
    await putObject(index, newObject(bucketId, 'a'));
    expect(await index.copyObject(copyOf(source, 'b'))).toEqual({ outcome: 'source-changed' });
    await index.deleteObjects(bucketId, ['a']);
    expect(await index.copyObject(copyOf(source, 'b'))).toEqual({ outcome: 'source-changed' });
    expect(await index.findObject(bucketId, 'b')).toBeNull();
  });

  it('evaluates the condition on the destination', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'a'));
    const target = await putObject(index, newObject(bucketId, 'b', { etag: 'old' }));
    const onlyNew = copyOf(source, 'b', { condition: { ifNoneMatch: ['*'] } });
    expect(await index.copyObject(onlyNew)).toEqual({ outcome: 'precondition-failed' });
    const onlyExisting = copyOf(source, 'c', { condition: { ifMatch: ['old'] } });
    expect(await index.copyObject(onlyExisting)).toEqual({ outcome: 'no-such-key' });
    expect(await index.findObject(bucketId, 'b')).toEqual(target);
    expect(await sharedFiles(tested)).toEqual({});
  });

  it('refuses a destination bucket that is gone', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'a'));
    const destination = { bucketId: bucketId + 1, key: 'b' };
    expect(await index.copyObject(copyOf(source, 'b', { destination }))).toEqual({
      outcome: 'no-such-bucket',
    });
  });
});
