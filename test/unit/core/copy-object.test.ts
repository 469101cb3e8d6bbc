import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BlobStoreError } from '../../../src/blob-store/blob-store.ts';
import { accessOf } from '../../../src/core/access/access.ts';
import { checksumOf } from '../../../src/core/content-digest.ts';
import { type CopyObjectRequest, copyObject } from '../../../src/core/copy-object.ts';
import { getObject } from '../../../src/core/get-object.ts';
import { completeUpload } from '../../../src/core/multipart/complete-upload.ts';
import { putObject } from '../../../src/core/put-object.ts';
import type { CopyObjectOutcome } from '../../../src/object-index/write-requests.ts';
import { createTestCore, type TestCore } from '../../support/core-services.ts';
import { bytesOf, incomingContent } from '../../support/incoming-content.ts';
import { sendPart, startUpload } from '../../support/uploads.ts';

const signal = new AbortController().signal;
const content = Buffer.from('the bytes of a cat');
const sourceDescription = {
  headers: {
    'content-type': 'image/jpeg',
    'x-amz-storage-class': 'STANDARD_IA',
    'x-amz-website-redirect-location': '/dog',
  },
  userMetadata: { name: 'cat' },
};

async function prepared(indexFaults = {}) {
  const core = await createTestCore({ indexFaults });
  const source = await putObject(core, {
    bucket: core.bucket,
    key: 'cat.jpg',
    caller: core.alice,
    description: sourceDescription,
    content: incomingContent(content),
    signal,
  });
  const copy = (request: Partial<CopyObjectRequest> = {}) =>
    copyObject(core, {
      source: { bucketName: 'photos', key: 'cat.jpg', versionId: null, conditions: {} },
      bucket: core.bucket,
      key: 'copy.jpg',
      access: accessOf(core.alice),
      metadataDirective: 'COPY',
      description: { headers: {}, userMetadata: {} },
      ...request,
    });
  return { core, source, copy };
}

async function contentOf(core: TestCore, key: string) {
  const read = { bucket: core.bucket, key, versionId: null, conditions: {}, range: null };
  return await bytesOf((await getObject(core, { ...read, partNumber: null }, signal)).body);
}

describe('a copy', () => {
  it('shares the file, which stays until the last of both is gone', async () => {
    const { core, source, copy } = await prepared();
    expect(await copy()).toMatchObject({ etag: source.etag, fileId: source.fileId });
    await core.index.deleteObjects(core.bucket.id, ['cat.jpg']);
    expect(await core.queued()).toEqual([]);
    expect(await contentOf(core, 'copy.jpg')).toEqual(content);
    await core.index.deleteObjects(core.bucket.id, ['copy.jpg']);
    expect(await core.queued()).toEqual([source.fileId]);
  });

  it('keeps the metadata, but neither storage class nor redirect', async () => {
    const { copy } = await prepared();
    expect(await copy()).toMatchObject({
      headers: { 'content-type': 'image/jpeg' },
      userMetadata: { name: 'cat' },
    });
  });

  it('takes storage class and redirect from the request', async () => {
    const { copy } = await prepared();
    const headers = { 'x-amz-storage-class': 'GLACIER', 'content-type': 'text/plain' };
    const copied = await copy({ description: { headers, userMetadata: { name: 'dog' } } });
    expect(copied).toMatchObject({
      headers: { 'content-type': 'image/jpeg', 'x-amz-storage-class': 'GLACIER' },
      userMetadata: { name: 'cat' },
    });
  });

  it('with REPLACE has the metadata of the request only', async () => {
    const { copy } = await prepared();
    const description = { headers: { 'content-type': 'text/plain' }, userMetadata: {} };
    const copied = await copy({ metadataDirective: 'REPLACE', description });
    expect(copied).toMatchObject(description);
  });

  it('belongs to who made it', async () => {
    const { core, copy } = await prepared();
    expect(await copy({ access: accessOf(core.root) })).toMatchObject({
      ownerId: core.root.userId,
    });
  });
});

describe('a copy of an object onto itself', () => {
  it('that changes nothing is an InvalidRequest', async () => {
    const { copy } = await prepared();
    await expect(copy({ key: 'cat.jpg' })).rejects.toMatchObject({ code: 'InvalidRequest' });
  });

  it('replaces the metadata and keeps the file', async () => {
    const { core, copy } = await prepared();
    const description = { headers: {}, userMetadata: { name: 'kitten' } };
    await copy({ key: 'cat.jpg', metadataDirective: 'REPLACE', description });
    expect(await core.queued()).toEqual([]);
    expect(await contentOf(core, 'cat.jpg')).toEqual(content);
    expect(await core.index.findObject(core.bucket.id, 'cat.jpg')).toMatchObject(description);
  });

  it('may change the storage class', async () => {
    const { copy } = await prepared();
    const headers = { 'x-amz-storage-class': 'STANDARD' };
    const copied = await copy({ key: 'cat.jpg', description: { headers, userMetadata: {} } });
    expect(copied.headers).toEqual({ 'content-type': 'image/jpeg' });
  });
});

describe('a copy is refused', () => {
  const at = { bucketName: 'photos', key: 'cat.jpg', versionId: null, conditions: {} };
  const old = Date.UTC(2000, 0, 1);

  it.each([
    ['from no bucket', { ...at, bucketName: 'none' }, 'NoSuchBucket'],
    [
      'from a bucket of another owner than expected',
      { ...at, expectedBucketOwner: 'u2' },
      'AccessDenied',
    ],
    ['from no key', { ...at, key: 'none' }, 'NoSuchKey'],
    ['from no version', { ...at, versionId: 'v'.repeat(32) }, 'NoSuchVersion'],
    ['If-Match', { ...at, conditions: { ifMatch: ['x'] } }, 'PreconditionFailed'],
    ['If-None-Match', { ...at, conditions: { ifNoneMatch: ['*'] } }, 'PreconditionFailed'],
    [
      'If-Modified-Since',
      { ...at, conditions: { ifModifiedSinceMs: Date.UTC(2100, 0) } },
      'PreconditionFailed',
    ],
    [
      'If-Unmodified-Since',
      { ...at, conditions: { ifUnmodifiedSinceMs: old } },
      'PreconditionFailed',
    ],
  ])('%s', async (_name, source, code) => {
    const { core, copy } = await prepared();
    await expect(copy({ source })).rejects.toMatchObject({ code });
    expect(await core.keys()).toEqual(['cat.jpg']);
  });

  it("from another user's bucket", async () => {
    const { core, copy } = await prepared();
    await expect(copy({ access: accessOf(core.bob) })).rejects.toMatchObject({
      code: 'AccessDenied',
    });
  });

  it('above 5 GiB', async () => {
    const { core, source } = await prepared();
    const size = 5 * 1024 ** 3 + 1;
    const index = new Proxy(core.index, {
      get: (target, name) =>
        name === 'findObject'
          ? async () => ({ ...source, size })
          : Reflect.get(target, name).bind(target),
    });
    const copied = copyObject(
      { ...core, index },
      {
        source: at,
        bucket: core.bucket,
        key: 'copy.jpg',
        access: accessOf(core.alice),
        metadataDirective: 'COPY',
        description: { headers: {}, userMetadata: {} },
      },
    );
    await expect(copied).rejects.toMatchObject({ code: 'InvalidRequest' });
  });

  it('when its condition on the destination is not met', async () => {
    const { copy } = await prepared();
    await copy();
    const condition = { ifNoneMatch: ['*'] };
    await expect(copy({ condition })).rejects.toMatchObject({ code: 'PreconditionFailed' });
  });
});

describe('a source that is replaced meanwhile', () => {
  it('is looked at again', async () => {
    const { core, source } = await prepared();
    let attempts = 0;
    const outcome: CopyObjectOutcome = { outcome: 'source-changed' };
    const index = new Proxy(core.index, {
      get: (target, name) => {
        if (name !== 'copyObject') return Reflect.get(target, name).bind(target);
        attempts += 1;
        return attempts === 1 ? async () => outcome : target.copyObject.bind(target);
      },
    });
    const request = {
      source: { bucketName: 'photos', key: 'cat.jpg', versionId: null, conditions: {} },
    };
    const copied = await copyObject(
      { ...core, index },
      {
        ...request,
        bucket: core.bucket,
        key: 'copy.jpg',
        access: accessOf(core.alice),
        metadataDirective: 'COPY',
        description: { headers: {}, userMetadata: {} },
      },
    );
    expect(copied.etag).toBe(source.etag);
    expect(attempts).toBe(2);
  });

  it('time and again is a conflict in the end', async () => {
    const { copy } = await prepared({ copyObject: async () => ({ outcome: 'source-changed' }) });
    await expect(copy()).rejects.toMatchObject({ code: 'ConditionalRequestConflict' });
  });
});

describe('a copy with a checksum of its own', () => {
  const digests = async () => ({
    etag: createHash('md5').update(content).digest('hex'),
    checksum: {
      algorithm: 'CRC32C',
      type: 'FULL_OBJECT',
      value: await checksumOf('CRC32C', content),
    },
  });
  const checksum = { algorithm: 'CRC32C', signal } as const;

  it('has it, and shares the file', async () => {
    const { core, source, copy } = await prepared();
    const copied = await copy({ checksum });
    expect(copied).toMatchObject({ ...(await digests()), fileId: source.fileId });
    expect(await contentOf(core, 'copy.jpg')).toEqual(content);
  });

  it('reads nothing when the source has it', async () => {
    const { core, copy } = await prepared();
    await copy({ checksum });
    core.blobs.files.clear();
    const source = { bucketName: 'photos', key: 'copy.jpg', versionId: null, conditions: {} };
    expect(await copy({ source, checksum, key: 'again.jpg' })).toMatchObject(await digests());
  });

  it('may be made of an object onto itself', async () => {
    const { copy } = await prepared();
    expect(await copy({ checksum, key: 'cat.jpg' })).toMatchObject(await digests());
    await expect(copy({ key: 'cat.jpg' })).rejects.toMatchObject({ code: 'InvalidRequest' });
  });

  it('of an object in parts is one of a single piece', async () => {
    const { core, copy } = await prepared();
    const upload = await startUpload(core, { checksumAlgorithm: 'CRC32C' });
    const { etag, checksum: ofPart } = await sendPart(core, upload, 1, content);
    const parts = [{ partNumber: 1, etag, checksumValue: ofPart?.value ?? null }];
    const { key, uploadId } = upload;
    const whole = { parts, checksumType: null, checksum: null, size: null };
    await completeUpload(core, { ...whole, bucket: core.bucket, key, uploadId });
    const source = { bucketName: 'photos', key, versionId: null, conditions: {} };
    expect(await copy({ source })).toMatchObject({
      partCount: 1,
      etag: expect.stringMatching(/-1$/),
    });
    const copied = await copy({ source, checksum });
    expect(copied).toMatchObject({ ...(await digests()), partCount: null });
    expect(await core.index.findObjectPart(copied.id, 1)).toBeNull();
    expect(await contentOf(core, 'copy.jpg')).toEqual(content);
  });

  it('gives up on a source that is replaced whenever it is read', async () => {
    const { core, copy } = await prepared();
    const replace = async () => {
      await putObject(core, {
        bucket: core.bucket,
        key: 'cat.jpg',
        caller: core.alice,
        description: sourceDescription,
        content: incomingContent(content),
        signal,
      });
      throw new BlobStoreError('not-found', 'gone');
    };
    core.blobs.open = replace;
    await expect(copy({ checksum })).rejects.toMatchObject({ code: 'ConditionalRequestConflict' });
  });
});
