import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { accessOf } from '../../../../src/core/access/access.ts';
import { getObject } from '../../../../src/core/get-object.ts';
import { completeUpload } from '../../../../src/core/multipart/complete-upload.ts';
import { abortUpload } from '../../../../src/core/multipart/create-upload.ts';
import {
  type UploadPartCopyRequest,
  uploadPartCopy,
} from '../../../../src/core/multipart/upload-part-copy.ts';
import { putObject } from '../../../../src/core/put-object.ts';
import type { ChecksumAlgorithm } from '../../../../src/object-index/records.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { bytesOf, incomingContent } from '../../../support/incoming-content.ts';
import { startUpload } from '../../../support/uploads.ts';

const content = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
const signal = new AbortController().signal;
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');

async function prepared(checksumAlgorithm?: ChecksumAlgorithm) {
  const core = await createTestCore({ segmentSizeBytesMax: 300 });
  await putSource(core, content);
  const upload = await startUpload(core, checksumAlgorithm ? { checksumAlgorithm } : {});
  const copy = (request: Partial<UploadPartCopyRequest> = {}) =>
    uploadPartCopy(core, {
      source: { bucketName: 'photos', key: 'cat.jpg', versionId: null, conditions: {} },
      range: null,
      bucket: core.bucket,
      key: upload.key,
      uploadId: upload.uploadId,
      partNumber: 1,
      access: accessOf(core.alice),
      signal,
      ...request,
    });
  return { core, upload, copy };
}

function putSource(core: TestCore, bytes: Buffer) {
  return putObject(core, {
    bucket: core.bucket,
    key: 'cat.jpg',
    caller: core.alice,
    description: { headers: {}, userMetadata: {} },
    content: incomingContent(bytes),
    signal,
  });
}

describe('a part copied from an object', () => {
  it.each([
    ['all', null, 0, 1000],
    ['a range over several files', { first: 250, last: 650 }, 250, 651],
    ['one byte', { first: 999, last: 999 }, 999, 1000],
  ])('%s: the MD5 of its bytes, and no new file', async (_name, range, start, end) => {
    const { core, upload, copy } = await prepared();
    const fileCount = core.blobs.files.size;
    const expected = content.subarray(start, end);
    const part = await copy({ range });
    expect(part).toMatchObject({ partNumber: 1, size: expected.length, etag: md5(expected) });
    const parts = [{ partNumber: 1, etag: part.etag, checksumValue: null }];
    const whole = { parts, checksumType: null, checksum: null, size: null };
    const { key, uploadId } = upload;
    await completeUpload(core, { ...whole, bucket: core.bucket, key, uploadId });
    await core.index.deleteObjects(core.bucket.id, ['cat.jpg']);
    const read = { bucket: core.bucket, key, versionId: null, conditions: {}, range: null };
    const { body } = await getObject(core, { ...read, partNumber: null }, signal);
    expect(await bytesOf(body)).toEqual(expected);
    expect(core.blobs.files.size).toBe(fileCount);
  });

  it('of all bytes with a known MD5 is not read', async () => {
    const { core, copy } = await prepared();
    core.blobs.onOpen = () => Promise.reject(new Error('a file was opened'));
    expect(await copy()).toMatchObject({ etag: md5(content) });
  });

  it("has the upload's checksum", async () => {
    const { copy } = await prepared('SHA256');
    const { checksum } = await copy({ range: { first: 0, last: 9 } });
    const value = createHash('sha256').update(content.subarray(0, 10)).digest('base64');
    expect(checksum).toEqual({ algorithm: 'SHA256', type: 'FULL_OBJECT', value });
  });

  it('is read again when its source is replaced meanwhile', async () => {
    const { core, copy } = await prepared('CRC32');
    const replaced = Buffer.from('replaced while it was read');
    let isReplaced = false;
    core.blobs.onOpen = async () => {
      if (isReplaced) return;
      isReplaced = true;
      await putSource(core, replaced);
    };
    expect(await copy()).toMatchObject({ size: replaced.length, etag: md5(replaced) });
  });

  it('gives up on a source that changes all the time', async () => {
    const { core, copy } = await prepared('CRC32');
    let count = 0;
    core.blobs.onOpen = async () => {
      count += 1;
      await putSource(core, Buffer.from(`version ${count}`));
    };
    await expect(copy()).rejects.toMatchObject({ code: 'ConditionalRequestConflict' });
  });

  it.each([
    ['beyond the end', { range: { first: 0, last: 1000 } }, 'InvalidArgument'],
    ['with number 0', { partNumber: 0 }, 'InvalidArgument'],
    ['of no upload', { uploadId: 'none' }, 'NoSuchUpload'],
    [
      'of no object',
      { source: { bucketName: 'photos', key: 'dog', versionId: null, conditions: {} } },
      'NoSuchKey',
    ],
    [
      'whose condition is not met',
      {
        source: {
          bucketName: 'photos',
          key: 'cat.jpg',
          versionId: null,
          conditions: { ifMatch: ['x'] },
        },
      },
      'PreconditionFailed',
    ],
  ])('%s is refused', async (_name, request, code) => {
    const { copy } = await prepared();
    await expect(copy(request)).rejects.toMatchObject({ code });
  });

  it("of another user's bucket is refused", async () => {
    const { core, copy } = await prepared();
    await expect(copy({ access: accessOf(core.bob) })).rejects.toMatchObject({
      code: 'AccessDenied',
    });
  });

  it('of an upload aborted while the source is read is NoSuchUpload', async () => {
    const { core, upload, copy } = await prepared('CRC32');
    core.blobs.onOpen = () => abortUpload(core, core.bucket, upload.key, upload.uploadId);
    await expect(copy()).rejects.toMatchObject({ code: 'NoSuchUpload' });
  });
});
