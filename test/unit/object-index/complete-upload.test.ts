import { beforeEach, describe, expect, it } from 'vitest';
import type { Upload } from '../../../src/object-index/records.ts';
import type { CompleteUploadRequest } from '../../../src/object-index/upload-requests.ts';
import { newFileId, newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import { indexEngines, NOW_MS, queuedFiles, useIndex } from '../../support/object-index.ts';

describe.each(indexEngines)('completeUpload in $name', ({ open, manyRows }) => {
  const tested = useIndex(open);
  let upload: Upload;
  beforeEach(async () => {
    upload = {
      ...newUpload(tested.bucketId, 'k', 'u1'),
      ownerId: 'uploader',
      tags: { colour: 'red' },
      acl: '{}',
      retention: { mode: 'COMPLIANCE', untilMs: 5 },
      hasLegalHold: true,
      expiresAtMs: 6,
      kodo: { endUser: 'u1' },
      headers: { 'content-type': 'a/b' },
      userMetadata: { x: 'y' },
    };
    await tested.index.createUpload(upload);
  });

  function completion(
    partNumbers: readonly number[],
    overrides: Partial<CompleteUploadRequest> = {},
  ): CompleteUploadRequest {
    return {
      bucketId: tested.bucketId,
      key: 'k',
      uploadId: 'u1',
      parts: partNumbers.map((partNumber) => ({ partNumber, etag: `etag-${partNumber}` })),
      etag: 'whole-3',
      checksum: null,
      lastModifiedMs: NOW_MS + 1,
      ...overrides,
    };
  }

  async function complete(request: CompleteUploadRequest) {
    const completed = await tested.index.completeUpload(request);
    if (completed.outcome !== 'completed') throw new Error(completed.outcome);
    return completed.object;
  }

  it('makes an object of the parts in order, with the description of the upload', async () => {
    const { index, bucketId } = tested;
    const checksum = { algorithm: 'CRC32', type: 'COMPOSITE', value: 'AAAA-3' } as const;
    const files = [newFileId(), newFileId(), newFileId(), newFileId()] as const;
    const partChecksum = { ...checksum, value: 'BBBB' };
    await index.putPart(
      newPart(upload, 5, {
        segments: [
          { fileId: files[1], fileOffset: 0, size: 30 },
          { fileId: files[2], fileOffset: 0, size: 4 },
        ],
      }),
    );
    await index.putPart(
      newPart(upload, 2, {
        segments: [{ fileId: files[0], fileOffset: 0, size: 20 }],
        checksum: partChecksum,
      }),
    );
    await index.putPart(
      newPart(upload, 9, { segments: [{ fileId: files[3], fileOffset: 0, size: 1 }] }),
    );
    const object = await complete(completion([2, 5, 9], { checksum, qetag: 'whole' }));
    expect(object).toEqual({
      id: object.id,
      bucketId,
      key: 'k',
      versionId: null,
      isDeleteMarker: false,
      size: 55,
      etag: 'whole-3',
      qetag: 'whole',
      lastModifiedMs: NOW_MS + 1,
      ownerId: 'uploader',
      checksum,
      partCount: 3,
      fileId: null,
      headers: { 'content-type': 'a/b' },
      userMetadata: { x: 'y' },
      tags: { colour: 'red' },
      acl: '{}',
      retention: { mode: 'COMPLIANCE', untilMs: 5 },
      hasLegalHold: true,
      expiresAtMs: 6,
      kodo: { endUser: 'u1' },
    });
    expect(await index.findObject(bucketId, 'k')).toEqual(object);
    expect(await index.listSegments(object.id, 0, 10)).toEqual([
      { startOffset: 0, fileId: files[0], fileOffset: 0, size: 20 },
      { startOffset: 20, fileId: files[1], fileOffset: 0, size: 30 },
      { startOffset: 50, fileId: files[2], fileOffset: 0, size: 4 },
      { startOffset: 54, fileId: files[3], fileOffset: 0, size: 1 },
    ]);
    const parts = [2, 5, 9, 1].map((partNumber) => index.findObjectPart(object.id, partNumber));
    expect(await Promise.all(parts)).toEqual([
      { partNumber: 2, startOffset: 0, size: 20, checksumValue: 'BBBB' },
      { partNumber: 5, startOffset: 20, size: 34, checksumValue: null },
      { partNumber: 9, startOffset: 54, size: 1, checksumValue: null },
      null,
    ]);
    expect(await queuedFiles(tested)).toEqual([]);
  });

  it('remembers the completed upload until it is told to forget', async () => {
    const { index, bucketId } = tested;
    const checksum = { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAA' } as const;
    await index.putPart(newPart(upload, 1));
    await complete(completion([1], { checksum, qetag: 'whole' }));
    expect(await index.findUpload(bucketId, 'k', 'u1')).toBeNull();
    expect(await index.listParts('u1', 0, 10)).toEqual({ parts: [], isTruncated: false });
    expect(await index.completeUpload(completion([1]))).toEqual({ outcome: 'no-such-upload' });
    const remembered = {
      uploadId: 'u1',
      bucketId,
      key: 'k',
      versionId: null,
      etag: 'whole-3',
      qetag: 'whole',
      checksum,
    };
    expect(await index.findCompletedUpload('u1')).toEqual(remembered);
    await index.forgetCompletedUploads(NOW_MS + 1);
    expect(await index.findCompletedUpload('u1')).toEqual(remembered);
    await index.forgetCompletedUploads(NOW_MS + 2);
    expect(await index.findCompletedUpload('u1')).toBeNull();
  });

  it('puts the object under the key that was decided at its end, with what was decided', async () => {
    const { index, bucketId, query } = tested;
    await index.putPart(newPart(upload, 1));
    const decided = {
      key: 'decided',
      headers: { 'content-type': 'c/d' },
      userMetadata: {},
      expiresAtMs: null,
      kodo: { endUser: 'u2' },
    };
    const object = await complete(completion([1], { decided }));
    expect(object).toMatchObject({ ...decided, tags: { colour: 'red' }, ownerId: 'uploader' });
    expect(await index.findObject(bucketId, 'decided')).toEqual(object);
    expect(await index.findObject(bucketId, 'k')).toBeNull();
    expect(await index.findCompletedUpload('u1')).toMatchObject({ key: 'decided' });
    // The looks that wait for its file must not take it for a dropped one.
    expect(await query('SELECT key FROM replica_checks')).toEqual([{ key: 'decided' }]);
  });

  it('drops the upload where the object has that content already', async () => {
    const { index, bucketId } = tested;
    const existing = await putObject(index, newObject(bucketId, 'k', { qetag: 'F' }));
    const part = newPart(upload, 1);
    await index.putPart(part);
    const condition = { ifNoneMatch: ['*'], unlessQetag: 'F' };
    expect(await index.completeUpload(completion([1], { qetag: 'F', condition }))).toEqual({
      outcome: 'same-content',
      object: existing,
    });
    expect(await index.findUpload(bucketId, 'k', 'u1')).toBeNull();
    expect(await index.findCompletedUpload('u1')).toMatchObject({ key: 'k', qetag: 'F' });
    expect(await queuedFiles(tested)).toEqual(part.segments.map(({ fileId }) => fileId));
  });

  it('keeps the only file in the object itself', async () => {
    const { index } = tested;
    const part = newPart(upload, 3);
    await index.putPart(part);
    await index.putPart(newPart(upload, 4, { size: 0 }));
    const object = await complete(completion([3, 4]));
    expect(object).toMatchObject({ fileId: part.segments[0]?.fileId, size: 5, partCount: 2 });
    expect(await index.listSegments(object.id, 0, 10)).toEqual([]);
    expect(await index.findObjectPart(object.id, 4)).toMatchObject({ startOffset: 5, size: 0 });
  });

  it('queues the files of parts that are not listed and of the object it replaces', async () => {
    const { index, bucketId } = tested;
    const replaced = await putObject(index, newObject(bucketId, 'k'));
    const parts = [1, 2, 3, 4, 5].map((partNumber) =>
      newPart(upload, partNumber, {
        segments: [1, 2].map(() => ({ fileId: newFileId(), fileOffset: 0, size: 3 })),
      }),
    );
    for (const part of parts) await index.putPart(part);
    const object = await complete(completion([2, 4]));
    expect(object).toMatchObject({ size: 12, partCount: 2 });
    const filesOf = (partNumbers: number[]) =>
      parts
        .filter(({ partNumber }) => partNumbers.includes(partNumber))
        .flatMap(({ segments }) => segments.map(({ fileId }) => fileId));
    const segments = await index.listSegments(object.id, 0, 10);
    expect(segments.map(({ fileId }) => fileId)).toEqual(filesOf([2, 4]));
    expect(await queuedFiles(tested)).toEqual([...filesOf([1, 3, 5]), replaced.fileId].sort());
  });

  it.each([
    ['missing in the middle', [1, 2, 3], 2],
    ['missing at the end', [1, 3, 4], 4],
    ['missing at the start', [0, 1], 0],
    ['twice', [1, 1], 1],
    ['out of order', [3, 1], 1],
  ])('refuses a part that is %s', async (_, partNumbers, partNumber) => {
    const { index, bucketId } = tested;
    for (const stored of [1, 3]) await index.putPart(newPart(upload, stored));
    expect(await index.completeUpload(completion(partNumbers))).toEqual({
      outcome: 'invalid-part',
      partNumber,
    });
    expect(await index.findObject(bucketId, 'k')).toBeNull();
    expect((await index.listParts('u1', 0, 10)).parts).toHaveLength(2);
    expect(await queuedFiles(tested)).toEqual([]);
  });

  it('refuses a part that was replaced meanwhile', async () => {
    const { index } = tested;
    await index.putPart(newPart(upload, 1, { etag: 'replaced' }));
    expect(await index.completeUpload(completion([1]))).toEqual({
      outcome: 'invalid-part',
      partNumber: 1,
    });
  });

  it('evaluates the condition and leaves the upload when it fails', async () => {
    const { index, bucketId } = tested;
    const existing = await putObject(index, newObject(bucketId, 'k'));
    await index.putPart(newPart(upload, 1));
    const onlyNew = completion([1], { condition: { ifNoneMatch: ['*'] } });
    expect(await index.completeUpload(onlyNew)).toEqual({ outcome: 'precondition-failed' });
    expect(await index.findObject(bucketId, 'k')).toEqual(existing);
    await index.deleteObjects(bucketId, ['k']);
    const onlyExisting = completion([1], { condition: { ifMatch: ['x'] } });
    expect(await index.completeUpload(onlyExisting)).toEqual({ outcome: 'no-such-key' });
    expect(await index.completeUpload(onlyNew)).toMatchObject({ outcome: 'completed' });
  });

  it('refuses an upload of another key or bucket', async () => {
    const { index, bucketId } = tested;
    await index.putPart(newPart(upload, 1));
    const refused = { outcome: 'no-such-upload' };
    expect(await index.completeUpload(completion([1], { key: 'x' }))).toEqual(refused);
    const elsewhere = completion([1], { bucketId: bucketId + 1 });
    expect(await index.completeUpload(elsewhere)).toEqual(refused);
  });

  it('completes many parts', async () => {
    const { index } = tested;
    const numbers = Array.from({ length: manyRows }, (_, i) => i + 1);
    await Promise.all(numbers.map((number) => index.putPart(newPart(upload, number, { size: 7 }))));
    const object = await complete(completion(numbers));
    expect(object).toMatchObject({ size: manyRows * 7, partCount: manyRows });
    const startOffset = (manyRows - 1) * 7;
    expect(await index.findObjectPart(object.id, manyRows)).toMatchObject({ startOffset });
    expect(await index.listSegments(object.id, startOffset + 2, 10)).toMatchObject([
      { startOffset, size: 7 },
    ]);
  });
});
