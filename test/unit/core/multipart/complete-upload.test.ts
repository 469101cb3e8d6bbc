import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checksumOf } from '../../../../src/core/content-digest.ts';
import { getObject } from '../../../../src/core/get-object.ts';
import {
  type CompletedPart,
  type CompleteUploadRequest,
  completeUpload,
} from '../../../../src/core/multipart/complete-upload.ts';
import { abortUpload } from '../../../../src/core/multipart/create-upload.ts';
import type {
  ChecksumAlgorithm,
  ChecksumType,
  Upload,
} from '../../../../src/object-index/records.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { bytesOf } from '../../../support/incoming-content.ts';
import { sendPart, startUpload } from '../../../support/uploads.ts';

const mib = 1024 * 1024;
const first = Buffer.alloc(5 * mib, 'A');
const second = Buffer.alloc(5 * mib + 1, 'B');
const last = Buffer.from('C');
const contents = [first, second, last] as const;
const etags = contents.map((content) => createHash('md5').update(content).digest('hex'));
const listed: readonly CompletedPart[] = etags.map((etag, index) => ({
  partNumber: index + 1,
  etag,
  checksumValue: null,
}));
const wholeEtag = `${createHash('md5')
  .update(Buffer.from(etags.join(''), 'hex'))
  .digest('hex')}-3`;
const signal = new AbortController().signal;

async function uploaded(
  options: {
    readonly checksumAlgorithm?: ChecksumAlgorithm;
    readonly checksumType?: ChecksumType;
  } = {},
): Promise<{ core: TestCore; upload: Upload }> {
  const core = await createTestCore({ segmentSizeBytesMax: 4 * mib });
  const upload = await startUpload(core, options);
  for (const [index, content] of contents.entries()) {
    await sendPart(core, upload, index + 1, content);
  }
  return { core, upload };
}

function complete(core: TestCore, upload: Upload, request: Partial<CompleteUploadRequest> = {}) {
  return completeUpload(core, {
    bucket: core.bucket,
    key: upload.key,
    uploadId: upload.uploadId,
    parts: listed,
    checksumType: null,
    checksum: null,
    size: null,
    ...request,
  });
}

describe('a completed upload', () => {
  it('is one object: bytes in order, ETag of the ETags, description of its start', async () => {
    const { core, upload } = await uploaded();
    const completed = await complete(core, upload);
    expect(completed).toMatchObject({ etag: wholeEtag, checksum: null });
    const read = {
      bucket: core.bucket,
      key: 'film.mp4',
      versionId: null,
      conditions: {},
      range: null,
      partNumber: null,
    };
    const { object, body } = await getObject(core, read, signal);
    expect(object).toMatchObject({
      etag: wholeEtag,
      partCount: 3,
      headers: { 'content-type': 'video/mp4' },
      userMetadata: { name: 'film' },
    });
    expect((await bytesOf(body)).equals(Buffer.concat(contents))).toBe(true);
    const part = await getObject(core, { ...read, partNumber: 2 }, signal);
    expect(part).toMatchObject({
      range: { start: first.length, size: second.length },
      part: { partNumber: 2, partCount: 3 },
    });
    expect((await bytesOf(part.body)).equals(second)).toBe(true);
    await expect(getObject(core, { ...read, partNumber: 4 }, signal)).rejects.toMatchObject({
      code: 'InvalidPartNumber',
      facts: { ActualPartCount: 3 },
    });
  });

  it('has only the parts that were listed; files of the others are queued', async () => {
    const { core, upload } = await uploaded();
    const before = new Set(core.blobs.files.keys());
    const extra = await sendPart(core, upload, 9, Buffer.from('not listed'));
    const extraFile = [...core.blobs.files.keys()].filter((fileId) => !before.has(fileId));
    expect(extra.partNumber).toBe(9);
    await complete(core, upload);
    expect(await core.queued()).toEqual(extraFile);
  });

  it('gives the same answer to the same request again', async () => {
    const { core, upload } = await uploaded({ checksumAlgorithm: 'CRC64NVME' });
    const condition = { ifNoneMatch: ['*'] };
    const { etag, checksum } = await complete(core, upload, { condition });
    const again = await complete(core, upload, { condition });
    expect(again).toMatchObject({ etag, checksum });
  });

  it('is NoSuchUpload for other parts, another key, and after an abort', async () => {
    const { core, upload } = await uploaded();
    await complete(core, upload);
    for (const request of [{ parts: listed.slice(0, 2) }, { key: 'other.mp4' }]) {
      const repeated = complete(core, upload, request);
      await expect(repeated).rejects.toMatchObject({ code: 'NoSuchUpload' });
    }
    const aborted = await startUpload(core);
    await abortUpload(core, core.bucket, aborted.key, aborted.uploadId);
    await expect(complete(core, aborted)).rejects.toMatchObject({ code: 'NoSuchUpload' });
  });

  it('completed twice at once gives both the same answer', async () => {
    const { core, upload } = await uploaded();
    const answers = await Promise.all([complete(core, upload), complete(core, upload)]);
    expect(answers.map(({ etag }) => etag)).toEqual([wholeEtag, wholeEtag]);
  });
});

describe('a list of parts that is wrong', () => {
  const [part1, part2, part3] = listed as [CompletedPart, CompletedPart, CompletedPart];

  it.each([
    ['descending', [part2, part1], 'InvalidPartOrder'],
    ['a number twice', [part1, part1], 'InvalidPartOrder'],
    ['a part that is not there', [part1, { ...part2, partNumber: 8 }], 'InvalidPart'],
    ['another ETag', [part1, { ...part2, etag: '0'.repeat(32) }], 'InvalidPart'],
    ['another checksum', [{ ...part1, checksumValue: 'AAAAAA==' }, part2], 'InvalidPart'],
    ['number 0', [{ ...part1, partNumber: 0 }], 'InvalidArgument'],
    ['none', [], 'MalformedXML'],
    ['wrong order goes before a wrong part', [part3, { ...part1, etag: 'x' }], 'InvalidPartOrder'],
  ])('%s', async (_name, parts, code) => {
    const { core, upload } = await uploaded();
    await expect(complete(core, upload, { parts })).rejects.toMatchObject({ code });
    expect(await core.keys()).toEqual([]);
    expect(await complete(core, upload)).toMatchObject({ etag: wholeEtag });
  });

  it('a part below 5 MiB that is not the last', async () => {
    const { core, upload } = await uploaded();
    const { etag } = await sendPart(core, upload, 4, Buffer.from('D'));
    const parts = [...listed, { partNumber: 4, etag, checksumValue: null }];
    await expect(complete(core, upload, { parts })).rejects.toMatchObject({
      code: 'EntityTooSmall',
      facts: { ProposedSize: 1, MinSizeAllowed: 5 * mib, PartNumber: 3, ETag: part3.etag },
    });
  });

  it('a single small part is the last', async () => {
    const { core, upload } = await uploaded();
    await expect(complete(core, upload, { parts: [part3] })).resolves.toBeDefined();
  });

  it('a part replaced after it was looked at', async () => {
    const { core, upload } = await uploaded();
    const raced: TestCore = {
      ...core,
      index: new Proxy(core.index, {
        get(target, name) {
          if (name !== 'completeUpload') return Reflect.get(target, name).bind(target);
          return async (request: never) => {
            await sendPart(core, upload, 2, first);
            return await target.completeUpload(request);
          };
        },
      }),
    };
    await expect(complete(raced, upload)).rejects.toMatchObject({
      code: 'InvalidPart',
      facts: { PartNumber: 2 },
    });
  });
});

describe('what the client says of the whole', () => {
  it.each([
    ['CRC32', undefined, 'COMPOSITE'],
    ['CRC32C', 'COMPOSITE', 'COMPOSITE'],
    ['SHA1', undefined, 'COMPOSITE'],
    ['SHA256', undefined, 'COMPOSITE'],
    ['CRC64NVME', undefined, 'FULL_OBJECT'],
    ['CRC32', 'FULL_OBJECT', 'FULL_OBJECT'],
    ['CRC32C', 'FULL_OBJECT', 'FULL_OBJECT'],
  ] as const)('%s of type %s agrees as %s', async (checksumAlgorithm, checksumType, type) => {
    const options = { checksumAlgorithm, ...(checksumType && { checksumType }) };
    const { core, upload } = await uploaded(options);
    const ofParts = await Promise.all(
      contents.map(async (content) =>
        Buffer.from(await checksumOf(checksumAlgorithm, content), 'base64'),
      ),
    );
    const value =
      type === 'COMPOSITE'
        ? `${await checksumOf(checksumAlgorithm, Buffer.concat(ofParts))}-3`
        : await checksumOf(checksumAlgorithm, Buffer.concat(contents));
    const wrong = { checksum: { algorithm: checksumAlgorithm, value: 'bad' } };
    await expect(complete(core, upload, wrong)).rejects.toMatchObject({ code: 'BadDigest' });
    const parts = listed.map((part, index) => ({
      ...part,
      checksumValue: ofParts[index]?.toString('base64') ?? null,
    }));
    const checksum = { algorithm: checksumAlgorithm, value };
    const completed = await complete(core, upload, { parts, checksum, checksumType: type });
    expect(completed.checksum).toEqual({ algorithm: checksumAlgorithm, type, value });
  });

  it('another size, checksum type or algorithm is an InvalidRequest', async () => {
    const { core, upload } = await uploaded({ checksumAlgorithm: 'CRC64NVME' });
    for (const request of [
      { size: 1 },
      { checksumType: 'COMPOSITE' as const },
      { checksum: { algorithm: 'SHA1' as const, value: 'x' } },
    ]) {
      const completed = complete(core, upload, request);
      await expect(completed).rejects.toMatchObject({ code: 'InvalidRequest' });
    }
    const size = Buffer.concat(contents).length;
    await expect(complete(core, upload, { size })).resolves.toBeDefined();
  });

  it('a composite checksum needs that of every part', async () => {
    const { core, upload } = await uploaded({ checksumAlgorithm: 'SHA256' });
    const checksumValue = await checksumOf('SHA256', first);
    const parts = listed.map((part, index) => (index === 0 ? { ...part, checksumValue } : part));
    await expect(complete(core, upload, { parts })).rejects.toMatchObject({
      code: 'InvalidRequest',
      facts: { message: expect.stringContaining('It was missing for part 2 in the request.') },
    });
  });

  it.each([
    ['CRC64NVME', 'COMPOSITE'],
    ['SHA1', 'FULL_OBJECT'],
    ['SHA256', 'FULL_OBJECT'],
  ] as const)('%s cannot be %s', async (checksumAlgorithm, checksumType) => {
    const core = await createTestCore();
    const started = startUpload(core, { checksumAlgorithm, checksumType });
    await expect(started).rejects.toMatchObject({ code: 'InvalidRequest' });
  });
});

describe('conditions', () => {
  it('that are not met leave the upload as it is', async () => {
    const { core, upload } = await uploaded();
    const other = await startUpload(core);
    const { etag } = await sendPart(core, other, 1, last);
    const parts = [{ partNumber: 1, etag, checksumValue: null }];
    await complete(core, other, { parts });
    const condition = { ifNoneMatch: ['*'] };
    await expect(complete(core, upload, { condition })).rejects.toMatchObject({
      code: 'PreconditionFailed',
    });
    expect(await complete(core, upload)).toMatchObject({ etag: wholeEtag });
  });
});
