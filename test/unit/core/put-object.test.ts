import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import type { DeclaredDigests } from '../../../src/core/incoming-content.ts';
import type { PutObjectRequest } from '../../../src/core/put-object.ts';
import type { ChecksumAlgorithm } from '../../../src/object-index/records.ts';
import { createTestCore, deleteDelayMs } from '../../support/core-services.ts';
import { incomingContent } from '../../support/incoming-content.ts';
import { listAllDue } from '../../support/object-index.ts';
import {
  expectNothingLeft,
  inChunks,
  largeBody,
  put,
  smallBody,
} from '../../support/put-objects.ts';

describe('a stored object', () => {
  it.each([
    ['small', smallBody],
    ['large', largeBody],
  ])('%s: bytes, MD5 ETag, size and time are what was sent', async (_name, content) => {
    const core = await createTestCore({ segmentSizeBytesMax: 4000 });
    const object = await put(core, { content: inChunks(content) });
    expect(object).toMatchObject({
      key: 'cat.jpg',
      size: content.length,
      etag: createHash('md5').update(content).digest('hex'),
      lastModifiedMs: core.clock.nowMs,
      ownerId: core.alice.userId,
      checksum: null,
      partCount: null,
    });
    expect(Buffer.concat([...core.blobs.files.values()])).toEqual(content);
    expect(await core.queued()).toEqual([]);
  });

  it('that is empty has no file', async () => {
    const core = await createTestCore();
    const object = await put(core, { content: incomingContent(Buffer.alloc(0)) });
    expect(object).toMatchObject({ size: 0, etag: 'd41d8cd98f00b204e9800998ecf8427e' });
    expect(core.blobs.files.size).toBe(0);
  });

  it('keeps the checksum that the client declared', async () => {
    const core = await createTestCore();
    const content = incomingContent('123456789', {
      checksumAlgorithm: 'CRC64NVME',
      declared: { checksumValue: 'rosUhgp5mIg=' },
    });
    const object = await put(core, { content });
    expect(object.checksum).toEqual({
      algorithm: 'CRC64NVME',
      type: 'FULL_OBJECT',
      value: 'rosUhgp5mIg=',
    });
  });

  it('replaces an earlier one, whose file is queued', async () => {
    const core = await createTestCore();
    const first = await put(core, {});
    await put(core, { content: incomingContent('another body') });
    expect(await core.queued()).toEqual([first.fileId]);
    expect(await core.keys()).toEqual(['cat.jpg']);
  });
});

describe('a body that is not what the client says', () => {
  const wrong: readonly [string, DeclaredDigests, ChecksumAlgorithm | undefined, string][] = [
    ['MD5', { md5: Buffer.alloc(16) }, undefined, 'BadDigest'],
    ['SHA-256', { sha256Hex: '0'.repeat(64) }, undefined, 'XAmzContentSHA256Mismatch'],
    ['CRC-32', { checksumValue: 'AAAAAA==' }, 'CRC32', 'BadDigest'],
    ['CRC-32 without value', {}, 'CRC32', 'InvalidRequest'],
  ];

  it.each(wrong)('small, wrong %s: no byte reaches a storage server', async (...row) => {
    const [, declared, checksumAlgorithm, code] = row;
    const core = await createTestCore();
    const options = { declared, ...(checksumAlgorithm && { checksumAlgorithm }) };
    const content = incomingContent(smallBody, options);
    await expect(put(core, { content })).rejects.toMatchObject({ code });
    expect(core.blobs.files.size).toBe(0);
    await expectNothingLeft(core);
  });

  it.each(wrong)('large, wrong %s: the last chunk is held back', async (...row) => {
    const [, declared, checksumAlgorithm, code] = row;
    const core = await createTestCore();
    const options = { declared, ...(checksumAlgorithm && { checksumAlgorithm }) };
    const content = inChunks(largeBody, options);
    await expect(put(core, { content })).rejects.toMatchObject({ code });
    expect(core.blobs.receivedBytes).toBe(largeBody.length - 1000);
    expect(core.blobs.files.size).toBe(0);
    await expectNothingLeft(core);
  });

  it('in several segments: the complete ones are queued for deletion', async () => {
    const core = await createTestCore({ segmentSizeBytesMax: 4000 });
    const content = inChunks(largeBody, { declared: { md5: Buffer.alloc(16) } });
    await expect(put(core, { content })).rejects.toMatchObject({ code: 'BadDigest' });
    expect(core.blobs.files.size).toBe(2);
    await expectNothingLeft(core);
    expect(await listAllDue(core.index, core.clock.nowMs + deleteDelayMs - 1)).toEqual([]);
  });

  it.each([
    ['small and shorter', smallBody, smallBody.length + 1],
    ['small and longer', smallBody, smallBody.length - 1],
    ['large and shorter', largeBody, largeBody.length + 1],
    ['large and longer', largeBody, largeBody.length - 1],
    ['empty though announced', Buffer.alloc(0), 10],
  ])('%s than declared is an IncompleteBody', async (_name, content, size) => {
    const core = await createTestCore({ segmentSizeBytesMax: 4000 });
    await expect(put(core, { content: inChunks(content, { size }) })).rejects.toMatchObject({
      code: 'IncompleteBody',
      facts: { NumberBytesExpected: size },
    });
    await expectNothingLeft(core);
  });

  it('that fails on the way rejects with that error', async () => {
    const core = await createTestCore({ segmentSizeBytesMax: 4000 });
    const gone = new Error('the client is gone');
    const content = incomingContent(
      (async function* () {
        yield largeBody.subarray(0, 5000);
        yield largeBody.subarray(5000, 6000);
        throw gone;
      })(),
      { size: largeBody.length },
    );
    await expect(put(core, { content })).rejects.toBe(gone);
    expect(core.blobs.files.size).toBe(1);
    await expectNothingLeft(core);
  });
});

describe('what is refused before a byte is read', () => {
  const unread = (size: number) => ({
    ...incomingContent(smallBody, { size }),
    open: () => {
      throw new Error('the body was read');
    },
  });

  it('more than 5 GiB', async () => {
    const core = await createTestCore();
    await expect(put(core, { content: unread(5 * 1024 ** 3 + 1) })).rejects.toMatchObject({
      code: 'EntityTooLarge',
      facts: { ProposedSize: 5_368_709_121, MaxSizeAllowed: 5_368_709_120 },
    });
  });

  it.each([
    ['2049 bytes of user metadata', {}, { name: 'v'.repeat(2045) }, 'MetadataTooLarge'],
    ['an unknown storage class', { 'x-amz-storage-class': 'COLD' }, {}, 'InvalidStorageClass'],
    [
      'a redirect to nowhere',
      { 'x-amz-website-redirect-location': 'cat' },
      {},
      'InvalidRedirectLocation',
    ],
  ])('%s', async (_name, headers, userMetadata, code) => {
    const core = await createTestCore();
    const request = { content: unread(12), description: { headers, userMetadata } };
    await expect(put(core, request as Partial<PutObjectRequest>)).rejects.toMatchObject({ code });
  });

  it('a key of more than 1024 bytes', async () => {
    const core = await createTestCore();
    const request = { key: 'a'.repeat(1025), content: unread(12) };
    await expect(put(core, request)).rejects.toMatchObject({ code: 'KeyTooLongError' });
  });
});

describe('what is kept of the description', () => {
  it('2048 bytes of user metadata and every AWS storage class', async () => {
    const core = await createTestCore();
    const description = {
      headers: { 'x-amz-storage-class': 'GLACIER_IR', 'content-type': 'image/jpeg' },
      userMetadata: { name: 'v'.repeat(2044) },
    };
    expect(await put(core, { description })).toMatchObject(description);
  });

  it('STANDARD is the default and not written down', async () => {
    const core = await createTestCore();
    const description = { headers: { 'x-amz-storage-class': 'STANDARD' }, userMetadata: {} };
    expect((await put(core, { description })).headers).toEqual({});
  });
});

describe('conditions of a write', () => {
  it('If-None-Match: * lets only the first of concurrent writes through', async () => {
    const core = await createTestCore();
    const writes = Array.from({ length: 5 }, () =>
      put(core, { condition: { ifNoneMatch: ['*'] } }),
    );
    const settled = await Promise.allSettled(writes);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await core.queued()).toHaveLength(4);
  });

  it('If-Match of another ETag fails and keeps the object', async () => {
    const core = await createTestCore();
    const { etag } = await put(core, {});
    const condition = { ifMatch: ['0'.repeat(32)] };
    await expect(put(core, { condition })).rejects.toMatchObject({ code: 'PreconditionFailed' });
    expect(await core.index.findObject(core.bucket.id, 'cat.jpg')).toMatchObject({ etag });
  });
});

describe('an object whose file is known by its ID', () => {
  it('has one file, however large, and the key that is told then', async () => {
    const core = await createTestCore({ segmentSizeBytesMax: 4000 });
    const object = await put(core, {
      content: inChunks(largeBody),
      groupName: 'group7',
      named: { extension: 'jpg' },
      keyOfFile: async (fileId) => `by-id/${fileId}`,
    });
    expect(object.fileId).toBe('group7/M00/00/00/file1.jpg');
    expect(object.key).toBe('by-id/group7/M00/00/00/file1.jpg');
    expect(await core.index.findNamedFile(object.fileId ?? '')).toMatchObject({
      isImported: false,
      places: [{ bucketId: core.bucket.id, key: object.key }],
    });
    expect(await core.keys()).toEqual([object.key]);
  });

  it('is named without an extension, too', async () => {
    const core = await createTestCore();
    const object = await put(core, { named: { extension: '' } });
    expect(await core.index.findNamedFile(object.fileId ?? '')).not.toBeNull();
  });

  it('is not stored where the key may not be written', async () => {
    const core = await createTestCore();
    const refused = put(core, {
      named: { extension: '' },
      keyOfFile: () => Promise.reject(new GatewayError('AccessDenied')),
    });
    await expect(refused).rejects.toMatchObject({ code: 'AccessDenied' });
    expect(await core.keys()).toEqual([]);
    expect(await core.queued()).toHaveLength(1);
  });
});
