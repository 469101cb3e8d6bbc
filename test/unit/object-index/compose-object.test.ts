import { describe, expect, it } from 'vitest';
import type { ComposeObjectRequest } from '../../../src/object-index/upload-requests.ts';
import { newFileId, newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import { indexEngines, NOW_MS, queuedFiles, useIndex } from '../../support/object-index.ts';

describe.each(indexEngines)('composeObject in $name', ({ open }) => {
  const tested = useIndex(open);

  /** An upload without a key, of parts of these sizes; gives their files. */
  async function upload(uploadId: string, sizes: readonly (readonly number[])[]) {
    const { index, bucketId } = tested;
    const created = newUpload(bucketId, '', uploadId);
    await index.createUpload(created);
    const parts = sizes.map((fileSizes, at) =>
      newPart(created, at + 1, {
        etag: `${uploadId}-${at + 1}`,
        qetag: `q-${uploadId}-${at + 1}`,
        segments: fileSizes.map((size) => ({ fileId: newFileId(), fileOffset: 0, size })),
      }),
    );
    for (const part of parts) await index.putPart(part);
    return parts.flatMap(({ segments }) => segments.map(({ fileId }) => fileId));
  }

  function composition(
    uploads: Readonly<Record<string, number>>,
    overrides: Partial<ComposeObjectRequest> = {},
  ): ComposeObjectRequest {
    const { segments: _, size: __, checksum: ___, ...object } = newObject(tested.bucketId, 'k');
    return {
      ...object,
      qetag: 'lwhole',
      uploads: Object.entries(uploads).map(([uploadId, partCount]) => ({
        uploadId,
        etags: Array.from({ length: partCount }, (_part, at) => `${uploadId}-${at + 1}`),
      })),
      ...overrides,
    };
  }

  async function rowCounts() {
    const tables = ['uploads', 'parts', 'part_segments'];
    const counts = tables.map((table) => tested.query(`SELECT upload_id FROM ${table}`));
    return (await Promise.all(counts)).map((rows) => rows.length);
  }

  it('makes an object of all parts, in the order of the uploads that is asked for', async () => {
    const { index, bucketId } = tested;
    const first = await upload('b1', [[4], [2, 3]]);
    const second = await upload('b2', [[6]]);
    const composed = await index.composeObject(composition({ b2: 1, b1: 2 }));
    expect(composed).toMatchObject({
      outcome: 'stored',
      object: { size: 15, partCount: 3, fileId: null, qetag: 'lwhole', key: 'k' },
    });
    const object = await index.findObject(bucketId, 'k');
    const segments = await index.listSegments(object?.id ?? 0, 0, 10);
    expect(segments.map(({ fileId }) => fileId)).toEqual([...second, ...first]);
    expect(segments.map(({ startOffset }) => startOffset)).toEqual([0, 6, 10, 12]);
    expect((await index.listObjectParts(object?.id ?? 0, 0, 10)).parts).toMatchObject([
      { partNumber: 1, startOffset: 0, size: 6 },
      { partNumber: 2, startOffset: 6, size: 4 },
      { partNumber: 3, startOffset: 10, size: 5 },
    ]);
    expect(await rowCounts()).toEqual([0, 0, 0]);
    expect(await queuedFiles(tested)).toEqual([]);
    expect(await index.findCompletedUpload('b2')).toMatchObject({ key: 'k', qetag: 'lwhole' });
  });

  it('keeps the only file in the object itself', async () => {
    const { index } = tested;
    const [fileId] = await upload('b1', [[4]]);
    expect(await index.composeObject(composition({ b1: 1 }))).toMatchObject({ object: { fileId } });
  });

  it('queues the files of the object that it replaces', async () => {
    const { index, bucketId } = tested;
    const replaced = await putObject(index, newObject(bucketId, 'k'));
    await upload('b1', [[4]]);
    await index.composeObject(composition({ b1: 1 }));
    expect(await queuedFiles(tested)).toEqual([replaced.fileId]);
  });

  it('drops the uploads where the object has that content already', async () => {
    const { index, bucketId } = tested;
    const existing = await putObject(index, newObject(bucketId, 'k', { qetag: 'lwhole' }));
    const files = [...(await upload('b1', [[4]])), ...(await upload('b2', [[4], [1, 1]]))];
    const condition = { ifNoneMatch: ['*'], unlessQetag: 'lwhole' };
    expect(await index.composeObject(composition({ b1: 1, b2: 2 }, { condition }))).toEqual({
      outcome: 'same-content',
      object: existing,
    });
    expect(await queuedFiles(tested)).toEqual(files.sort());
    expect(await rowCounts()).toEqual([0, 0, 0]);
  });

  it.each<[string, Readonly<Record<string, number>>]>([
    ['is not there', { b1: 1, b9: 1 }],
    ['has fewer parts', { b1: 1, b2: 3 }],
    ['has more parts', { b1: 1, b2: 1 }],
  ])('leaves everything when an upload %s', async (_what, uploads) => {
    const { index, bucketId } = tested;
    await upload('b1', [[4]]);
    await upload('b2', [[4], [2]]);
    const uploadId = Object.keys(uploads)[1];
    const composed = await index.composeObject(composition(uploads));
    expect(composed).toEqual({ outcome: 'no-such-upload', uploadId });
    expect(await index.findObject(bucketId, 'k')).toBeNull();
    expect(await rowCounts()).toEqual([2, 3, 0]);
    expect(await queuedFiles(tested)).toEqual([]);
  });

  it('leaves everything when a part is another one or the condition fails', async () => {
    const { index, bucketId } = tested;
    await upload('b1', [[4]]);
    const other = composition({}, { uploads: [{ uploadId: 'b1', etags: ['other'] }] });
    expect(await index.composeObject(other)).toMatchObject({ outcome: 'no-such-upload' });
    await putObject(index, newObject(bucketId, 'k', { qetag: 'Fother' }));
    const condition = { ifNoneMatch: ['*'], unlessQetag: 'lwhole' };
    const kept = await index.composeObject(composition({ b1: 1 }, { condition }));
    expect(kept).toEqual({ outcome: 'precondition-failed' });
    expect(await rowCounts()).toEqual([1, 1, 0]);
  });

  it('never takes uploads that have a key, or those of another bucket', async () => {
    const { index, bucketId } = tested;
    const keyed = newUpload(bucketId, 'x', 'b1');
    await index.createUpload(keyed);
    await index.putPart(newPart(keyed, 1, { etag: 'b1-1' }));
    const composed = await index.composeObject(composition({ b1: 1 }));
    expect(composed).toMatchObject({ outcome: 'no-such-upload' });
    expect(await index.listPartsOfUploads(bucketId, ['b1'])).toEqual([]);
    await upload('b2', [[1]]);
    expect(await index.listPartsOfUploads(bucketId + 1, ['b2'])).toEqual([]);
  });

  it('refuses an upload that is listed twice', async () => {
    await upload('b1', [[4]]);
    const twice = { uploadId: 'b1', etags: ['b1-1'] };
    const composed = tested.index.composeObject(composition({}, { uploads: [twice, twice] }));
    await expect(composed).rejects.toThrow();
    expect(await rowCounts()).toEqual([1, 1, 0]);
  });

  it('lists the parts of many uploads in order', async () => {
    const { index, bucketId } = tested;
    await upload('b1', [[4], [5, 1]]);
    await upload('b2', [[7]]);
    const listed = await index.listPartsOfUploads(bucketId, ['b1', 'b2', 'b3']);
    const byId = Object.fromEntries(listed.map(({ uploadId, parts }) => [uploadId, parts]));
    expect(byId).toEqual({
      b1: [
        { partNumber: 1, size: 4, etag: 'b1-1', qetag: 'q-b1-1' },
        { partNumber: 2, size: 6, etag: 'b1-2', qetag: 'q-b1-2' },
      ],
      b2: [{ partNumber: 1, size: 7, etag: 'b2-1', qetag: 'q-b2-1' }],
    });
  });

  it('drops old uploads without a key, and no others', async () => {
    const { index, bucketId } = tested;
    const files = [...(await upload('0001', [[4]])), ...(await upload('0002', [[1, 1]]))];
    await upload('0003', [[4]]);
    await index.createUpload(newUpload(bucketId, 'x', '0000'));
    expect(await index.dropKeylessUploads('0003')).toBe(2);
    expect(await index.dropKeylessUploads('0003')).toBe(0);
    expect(await queuedFiles(tested)).toEqual(files.sort());
    expect(await index.findUpload(bucketId, '', '0003')).not.toBeNull();
    expect(await index.findUpload(bucketId, 'x', '0000')).not.toBeNull();
  });
});

describe.each(indexEngines)('putObject unless it has that content, in $name', ({ open }) => {
  const tested = useIndex(open);
  const condition = { ifNoneMatch: ['*'], unlessQetag: 'F1' };

  it.each([
    ['same-content', { qetag: 'F1' }],
    ['precondition-failed', { qetag: 'F2' }],
    // Its hash is not known, which is not the same as another one: the caller works it out.
    ['precondition-failed', {}],
  ])('is %s where the object has %j', async (outcome, existing) => {
    const { index, bucketId } = tested;
    const object = await putObject(index, newObject(bucketId, 'k', existing));
    const put = await index.putObject(newObject(bucketId, 'k', { qetag: 'F1' }), condition);
    expect(put.outcome).toBe(outcome);
    expect(await index.findObject(bucketId, 'k')).toEqual(object);
    expect(await queuedFiles(tested)).toEqual([]);
  });

  it('writes where nothing is there, and where only a delete marker is', async () => {
    const { index, bucketId } = tested;
    await index.setBucketVersioning(bucketId, 'Enabled');
    const object = newObject(bucketId, 'k', { qetag: 'F1', lastModifiedMs: NOW_MS });
    expect((await index.putObject(object, condition)).outcome).toBe('stored');
    await index.deleteObjects(bucketId, ['k']);
    const again = newObject(bucketId, 'k', { qetag: 'F1' });
    expect((await index.putObject(again, condition)).outcome).toBe('stored');
  });
});
