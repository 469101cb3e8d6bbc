import { beforeEach, describe, expect, it } from 'vitest';
import type { ObjectRecord, Upload } from '../../../src/object-index/records.ts';
import type { CopyPartRequest } from '../../../src/object-index/upload-requests.ts';
import { newFileId, newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import {
  indexEngines,
  NOW_MS,
  queuedFiles,
  sharedFiles,
  useIndex,
} from '../../support/object-index.ts';

describe.each(indexEngines)('parts in $name', ({ open }) => {
  const tested = useIndex(open);
  let upload: Upload;
  beforeEach(async () => {
    upload = newUpload(tested.bucketId, 'target', 'u1');
    await tested.index.createUpload(upload);
  });

  function copyFrom(
    source: ObjectRecord,
    partNumber: number,
    range: CopyPartRequest['range'],
  ): CopyPartRequest {
    const { segments: _, size: __, ...part } = newPart(upload, partNumber);
    const { bucketId, key, id } = source;
    return { ...part, source: { bucketId, key }, sourceObjectId: id, range };
  }

  /** Completes the parts and gives the segments of the object. */
  async function completedSegments(...partNumbers: number[]) {
    const completed = await tested.index.completeUpload({
      bucketId: tested.bucketId,
      key: 'target',
      uploadId: 'u1',
      parts: partNumbers.map((partNumber) => ({ partNumber, etag: `etag-${partNumber}` })),
      etag: 'e',
      checksum: null,
      lastModifiedMs: NOW_MS,
    });
    if (completed.outcome !== 'completed') throw new Error(completed.outcome);
    const { id, fileId } = completed.object;
    return { fileId, segments: await tested.index.listSegments(id, 0, 1000) };
  }

  it('lists parts by number, page by page', async () => {
    const { index } = tested;
    const checksum = { algorithm: 'SHA1', type: 'COMPOSITE', value: 'abc' } as const;
    for (const partNumber of [10_000, 2, 1]) {
      await index.putPart(newPart(upload, partNumber, { checksum, size: partNumber, qetag: 'F' }));
    }
    const part = (partNumber: number) => ({
      partNumber,
      size: partNumber,
      etag: `etag-${partNumber}`,
      qetag: 'F',
      lastModifiedMs: NOW_MS,
      checksum,
    });
    expect(await index.listParts('u1', 0, 3)).toEqual({
      parts: [part(1), part(2), part(10_000)],
      isTruncated: false,
    });
    expect(await index.listParts('u1', 0, 2)).toMatchObject({ isTruncated: true });
    expect(await index.listParts('u1', 2, 2)).toEqual({
      parts: [part(10_000)],
      isTruncated: false,
    });
    expect(await index.listParts('u1', 0, 0)).toEqual({ parts: [], isTruncated: false });
  });

  it('replaces a part and queues its files', async () => {
    const { index } = tested;
    const segments = [1, 2].map(() => ({ fileId: newFileId(), fileOffset: 0, size: 3 }));
    await index.putPart(newPart(upload, 1, { segments }));
    expect(await index.putPart(newPart(upload, 1, { etag: 'new', size: 9 }))).toBe('stored');
    expect((await index.listParts('u1', 0, 10)).parts).toMatchObject([{ etag: 'new', size: 9 }]);
    expect(await queuedFiles(tested)).toEqual(segments.map(({ fileId }) => fileId).sort());
  });

  it('shares the file when a whole object becomes a part', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'source', { size: 10 }));
    const request = copyFrom(source, 1, { start: 0, size: 10 });
    expect(await index.copyPart(request)).toBe('stored');
    expect(await sharedFiles(tested)).toEqual({ [source.fileId ?? '']: 2 });
    expect(await completedSegments(1)).toEqual({ fileId: source.fileId, segments: [] });
  });

  it('does not take a range of a file for the whole file', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'source', { size: 10 }));
    await index.copyPart(copyFrom(source, 1, { start: 0, size: 4 }));
    expect(await completedSegments(1)).toEqual({
      fileId: null,
      segments: [{ startOffset: 0, fileId: source.fileId, fileOffset: 0, size: 4 }],
    });
  });

  it('counts each range of the same file', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'source', { size: 10 }));
    const fileId = source.fileId ?? '';
    await index.copyPart(copyFrom(source, 1, { start: 0, size: 4 }));
    await index.copyPart(copyFrom(source, 2, { start: 2, size: 8 }));
    expect(await sharedFiles(tested)).toEqual({ [fileId]: 3 });
    await index.deleteObjects(bucketId, ['source']);
    expect(await sharedFiles(tested)).toEqual({ [fileId]: 2 });
    await index.putPart(newPart(upload, 1, { size: 0 }));
    expect(await sharedFiles(tested)).toEqual({});
    expect(await queuedFiles(tested)).toEqual([]);
    await index.abortUpload(bucketId, 'target', 'u1');
    expect(await queuedFiles(tested)).toEqual([fileId]);
  });

  it('cuts a range out of many segments', async () => {
    const { index, bucketId } = tested;
    const segments = Array.from({ length: 600 }, () => ({
      fileId: newFileId(),
      fileOffset: 0,
      size: 10,
    }));
    const source = await putObject(index, newObject(bucketId, 'source', { segments }));
    await index.copyPart(copyFrom(source, 1, { start: 15, size: 5 }));
    await index.copyPart(copyFrom(source, 2, { start: 3, size: 5990 }));
    const { segments: found } = await completedSegments(1, 2);
    const file = (i: number) => segments[i]?.fileId;
    expect(found).toHaveLength(601);
    expect(found[0]).toEqual({ startOffset: 0, fileId: file(1), fileOffset: 5, size: 5 });
    expect(found[1]).toEqual({ startOffset: 5, fileId: file(0), fileOffset: 3, size: 7 });
    expect(found[2]).toEqual({ startOffset: 12, fileId: file(1), fileOffset: 0, size: 10 });
    expect(found[600]).toEqual({ startOffset: 5992, fileId: file(599), fileOffset: 0, size: 3 });
  });

  it('replaces a part by a range of the same file without queueing it', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'source', { size: 10 }));
    await index.copyPart(copyFrom(source, 1, { start: 0, size: 10 }));
    await index.deleteObjects(bucketId, ['source']);
    const again = await putObject(index, newObject(bucketId, 'source', { size: 10 }));
    await index.copyPart(copyFrom(again, 1, { start: 1, size: 2 }));
    expect(await queuedFiles(tested)).toEqual([source.fileId]);
    expect(await sharedFiles(tested)).toEqual({ [again.fileId ?? '']: 2 });
  });

  it('refuses to copy from another object, to no upload, or beyond the end', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'source', { size: 10 }));
    const request = copyFrom(source, 1, { start: 0, size: 4 });
    expect(await index.copyPart({ ...request, uploadId: 'none' })).toBe('no-such-upload');
    expect(await index.copyPart({ ...request, sourceObjectId: source.id + 1 })).toBe(
      'source-changed',
    );
    await expect(
      index.copyPart({ ...request, range: { start: 7, size: 4 } }),
    ).rejects.toMatchObject({ name: 'IndexError', reason: 'failed' });
    expect((await index.listParts('u1', 0, 10)).parts).toEqual([]);
    expect(await sharedFiles(tested)).toEqual({});
  });
});
