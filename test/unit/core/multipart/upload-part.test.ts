import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { abortUpload } from '../../../../src/core/multipart/create-upload.ts';
import { listParts } from '../../../../src/core/multipart/list-uploads.ts';
import { uploadPart } from '../../../../src/core/multipart/upload-part.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { incomingContent } from '../../../support/incoming-content.ts';
import { sendPart, startUpload } from '../../../support/uploads.ts';

const signal = new AbortController().signal;
const bytes = Buffer.from('the bytes of a part');

async function partsOf(core: TestCore, uploadId: string) {
  const request = { key: 'film.mp4', uploadId, afterPartNumber: 0, maxParts: 1000 };
  return (await listParts(core, core.bucket, request)).parts;
}

describe('a part', () => {
  it('is stored with its MD5, size and time, and is no object', async () => {
    const core = await createTestCore();
    const upload = await startUpload(core);
    const part = await sendPart(core, upload, 7, bytes);
    expect(part).toEqual({
      partNumber: 7,
      size: bytes.length,
      etag: createHash('md5').update(bytes).digest('hex'),
      qetag: null,
      checksum: null,
      lastModifiedMs: core.clock.nowMs,
    });
    expect(await partsOf(core, upload.uploadId)).toEqual([part]);
    expect(await core.keys()).toEqual([]);
  });

  it('replaces an earlier one of its number, whose file is queued', async () => {
    const core = await createTestCore();
    const upload = await startUpload(core);
    await sendPart(core, upload, 1, bytes);
    const [firstFile] = core.blobs.files.keys();
    const second = await sendPart(core, upload, 1, Buffer.from('other'));
    expect(await partsOf(core, upload.uploadId)).toEqual([second]);
    expect(await core.queued()).toEqual([firstFile]);
  });

  it("gets the upload's checksum when the client declares none", async () => {
    const core = await createTestCore();
    const upload = await startUpload(core, { checksumAlgorithm: 'SHA256' });
    const { checksum } = await sendPart(core, upload, 1, bytes);
    expect(checksum).toEqual({
      algorithm: 'SHA256',
      type: 'FULL_OBJECT',
      value: createHash('sha256').update(bytes).digest('base64'),
    });
  });

  it("with another checksum than the upload's is refused before it is read", async () => {
    const core = await createTestCore();
    const upload = await startUpload(core, { checksumAlgorithm: 'SHA256' });
    const content = {
      ...incomingContent(bytes, { checksumAlgorithm: 'CRC32' }),
      open: () => {
        throw new Error('the body was read');
      },
    };
    const request = { bucket: core.bucket, key: 'film.mp4', partNumber: 1, content, signal };
    const sent = uploadPart(core, { ...request, uploadId: upload.uploadId });
    await expect(sent).rejects.toMatchObject({
      code: 'InvalidRequest',
      message:
        'Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32',
    });
  });

  it.each([0, -1, 10_001, 1.5, Number.NaN])('number %d is refused', async (partNumber) => {
    const core = await createTestCore();
    const upload = await startUpload(core);
    await expect(sendPart(core, upload, partNumber, bytes)).rejects.toMatchObject({
      code: 'InvalidArgument',
    });
  });

  it('of no upload, or of one of another key, is NoSuchUpload', async () => {
    const core = await createTestCore();
    const upload = await startUpload(core);
    for (const other of [{ uploadId: 'none' }, { uploadId: '' }, { key: 'other.mp4' }]) {
      await expect(sendPart(core, { ...upload, ...other }, 1, bytes)).rejects.toMatchObject({
        code: 'NoSuchUpload',
      });
    }
    expect(core.blobs.files.size).toBe(0);
  });

  it('of an upload that is aborted meanwhile leaves its file in the queue', async () => {
    const core = await createTestCore({ replayBufferSizeBytes: 0 });
    const upload = await startUpload(core);
    const content = incomingContent(
      (async function* () {
        yield bytes;
        await abortUpload(core, core.bucket, 'film.mp4', upload.uploadId);
      })(),
      { size: bytes.length },
    );
    const request = { bucket: core.bucket, key: 'film.mp4', partNumber: 1, content, signal };
    const sent = uploadPart(core, { ...request, uploadId: upload.uploadId });
    await expect(sent).rejects.toMatchObject({ code: 'NoSuchUpload' });
    expect(core.blobs.files.size).toBe(1);
    expect(await core.queued()).toEqual([...core.blobs.files.keys()]);
  });
});

describe('an aborted upload', () => {
  it('is gone with its parts', async () => {
    const core = await createTestCore();
    const upload = await startUpload(core);
    await sendPart(core, upload, 1, bytes);
    await abortUpload(core, core.bucket, 'film.mp4', upload.uploadId);
    expect(await core.queued()).toEqual([...core.blobs.files.keys()]);
    const again = abortUpload(core, core.bucket, 'film.mp4', upload.uploadId);
    await expect(again).rejects.toMatchObject({ code: 'NoSuchUpload' });
  });

  it('with which its upload could not be completed is refused before it is read', async () => {
    const core = await createTestCore();
    const { id: bucketId } = core.bucket;
    const upload = await startUpload(core);
    await core.index.setQuota({ kind: 'bucket', bucketId }, { sizeBytes: 100, objectCount: 1 });
    const bucket = (await core.index.findBucket('photos')) ?? core.bucket;
    const opened: number[] = [];
    const send = (partNumber: number, size: number) => {
      const content = incomingContent(Buffer.alloc(size));
      const open = () => {
        opened.push(size);
        return content.open();
      };
      const request = { key: 'film.mp4', uploadId: upload.uploadId, partNumber, signal };
      return uploadPart(core, { ...request, bucket, content: { ...content, open } });
    };
    await send(1, 60);
    await expect(send(2, 41)).rejects.toMatchObject({
      code: 'QuotaExceeded',
      facts: { QuotaOf: 'bucket', Unit: 'bytes', Quota: 100, Used: 0, Requested: 101 },
    });
    await send(2, 40);
    // It takes the place of the first one of its number.
    await send(1, 59);
    await expect(send(1, 61)).rejects.toMatchObject({ code: 'QuotaExceeded' });
    expect(opened).toEqual([60, 40, 59]);
    // What other uploads hold may come to nothing.
    const other = await startUpload(core, { key: 'other.mp4' });
    await sendPart({ ...core, bucket }, other, 1, Buffer.alloc(100));
  });
});
