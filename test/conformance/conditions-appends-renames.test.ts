import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  RenameObjectCommand,
  type RenameObjectCommandInput,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CoreS3Server,
  coreSecretAccessKey,
  startCoreS3Server,
} from '../support/core-s3-server.ts';
import { createTestCore, type TestCore } from '../support/core-services.ts';
import { RawConnection, renderHead } from '../support/raw-http.ts';
import { signRequest } from '../support/signed-request.ts';

const Bucket = 'photos';
let core: TestCore;
let server: CoreS3Server;
let s3: S3Client;
let keysMade = 0;
const newKey = () => `key-${keysMade++}`;

beforeAll(async () => {
  core = await createTestCore({ segmentSizeBytesMax: 1000 });
  server = await startCoreS3Server(core);
  s3 = clientOf('KEYALICE');
});

afterAll(async () => {
  s3.destroy();
  await server.close();
});

const clientOf = (accessKeyId: string) =>
  new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey: coreSecretAccessKey },
  });

const put = (Key: string, Body: string, more: Partial<PutObjectCommandInput> = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const append = (Key: string, Body: string, WriteOffsetBytes: number, more = {}) =>
  put(Key, Body, { WriteOffsetBytes, ...more });
const head = (Key: string) =>
  s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
const rename = (RenameSource: string, Key: string, more: Partial<RenameObjectCommandInput> = {}) =>
  s3.send(new RenameObjectCommand({ Bucket, Key, RenameSource, ...more }));

async function text(Key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToString()) ?? '';
}

/** `412 PreconditionFailed`, or `done`. */
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { name: string; $metadata: { httpStatusCode?: number } }) =>
      `${error.$metadata.httpStatusCode} ${error.name}`,
  );

async function uploadOf(Key: string, Body: string) {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body };
  const { ETag } = await s3.send(new UploadPartCommand(part));
  return (more: { IfMatch?: string; IfNoneMatch?: string } = {}) =>
    s3.send(
      new CompleteMultipartUploadCommand({
        ...{ Bucket, Key, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } },
        ...more,
      }),
    );
}

describe('conditional writes', () => {
  it('create once, replace what matches, and find nothing where there is nothing', async () => {
    const Key = newKey();
    expect(await outcome(put(Key, 'a', { IfMatch: '"x"' }))).toBe('404 NoSuchKey');
    const { ETag } = await put(Key, 'a', { IfNoneMatch: '*' });
    expect(await outcome(put(Key, 'b', { IfNoneMatch: '*' }))).toBe('412 PreconditionFailed');
    expect(await outcome(put(Key, 'b', { IfMatch: '"x"' }))).toBe('412 PreconditionFailed');
    expect(await outcome(put(Key, 'b', { IfMatch: ETag }))).toBe('done');
    expect(await text(Key)).toBe('b');
    // Nothing that no ETag is may pass for a condition that is met.
    expect(await outcome(put(Key, 'c', { IfNoneMatch: '"' }))).toBe('400 InvalidArgument');
  });

  it('of an upload fail it and keep it, so that it can be completed otherwise', async () => {
    const Key = newKey();
    const complete = await uploadOf(Key, 'parts');
    await put(Key, 'first');
    expect(await outcome(complete({ IfNoneMatch: '*' }))).toBe('412 PreconditionFailed');
    expect(await outcome(complete({ IfMatch: '"x"' }))).toBe('412 PreconditionFailed');
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(await outcome(complete({ IfMatch: '*' }))).toBe('404 NoSuchKey');
    expect(await outcome(complete({ IfNoneMatch: '*' }))).toBe('done');
    // Its answer was lost: the same request again is no second object.
    expect(await outcome(complete({ IfNoneMatch: '*' }))).toBe('done');
    expect(await text(Key)).toBe('parts');
  });

  it('of a copy are about its destination', async () => {
    const Key = newKey();
    const CopySource = `${Bucket}/${Key}`;
    const { ETag } = await put(Key, 'a');
    const copy = (more: { IfMatch?: string | undefined; IfNoneMatch?: string }) =>
      s3.send(new CopyObjectCommand({ Bucket, Key: `${Key}-copy`, CopySource, ...more }));
    expect(await outcome(copy({ IfMatch: ETag }))).toBe('404 NoSuchKey');
    expect(await outcome(copy({ IfNoneMatch: '*' }))).toBe('done');
    expect(await outcome(copy({ IfNoneMatch: '*' }))).toBe('412 PreconditionFailed');
    expect(await outcome(copy({ IfMatch: ETag }))).toBe('done');
  });

  it('are refused before the body is sent when they cannot hold', async () => {
    const Key = newKey();
    await put(Key, 'a');
    const connection = await RawConnection.open(server.port);
    const request = signRequest({
      method: 'PUT',
      target: `/${Bucket}/${Key}`,
      headers: {
        ...{ 'if-none-match': '*', expect: '100-continue', 'content-length': '5' },
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      },
      key: { accessKeyId: 'KEYALICE', secretAccessKey: coreSecretAccessKey },
    });
    connection.write(renderHead(request));
    // Not the 100 that would ask for the body.
    expect((await connection.response()).status).toBe(412);
    connection.destroy();
  });

  it('of deletions demand what they name', async () => {
    const Key = newKey();
    const { ETag } = await put(Key, 'four');
    const remove = (more: object) =>
      outcome(s3.send(new DeleteObjectCommand({ Bucket, Key, ...more })));
    expect(await remove({ IfMatch: '"x"' })).toBe('412 PreconditionFailed');
    expect(await remove({ IfMatchSize: 5 })).toBe('412 PreconditionFailed');
    const past = new Date(0);
    expect(await remove({ IfMatchLastModifiedTime: past })).toBe('412 PreconditionFailed');
    const { LastModified } = await head(Key);
    const all = { IfMatch: ETag, IfMatchSize: 4, IfMatchLastModifiedTime: LastModified };
    expect(await remove(all)).toBe('done');
    expect(await remove({ IfMatch: '*' })).toBe('404 NoSuchKey');
    expect(await remove({ IfMatchSize: 4 })).toBe('done');
    const Objects = [
      { Key, ETag: '"x"' },
      { Key: await other('kept'), ETag: '"x"' },
    ];
    const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Errors?.map(({ Code }) => Code)).toEqual(['NoSuchKey', 'PreconditionFailed']);
  });

  it('with an ETag want whoever writes to be a reader', async () => {
    const Key = newKey();
    const { ETag } = await put(Key, 'a');
    const bob = clientOf('KEYBOB');
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          ...{ Effect: 'Allow', Principal: '*', Action: ['s3:PutObject', 's3:ListBucket'] },
          Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
        },
      ],
    });
    await core.index.setBucketSetting(core.bucket.id, 'policy', Policy);
    const write = (IfMatch: string | undefined) =>
      outcome(bob.send(new PutObjectCommand({ Bucket, Key, Body: 'b', IfMatch })));
    expect(await write(ETag)).toBe('403 AccessDenied');
    expect(await write('*')).toBe('done');
    await core.index.setBucketSetting(core.bucket.id, 'policy', null);
    bob.destroy();
  });

  async function other(Body: string): Promise<string> {
    const Key = newKey();
    await put(Key, Body);
    return Key;
  }
});

describe('appends', () => {
  const crcOf = (content: string) => {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(crc32(content));
    return value.toString('base64');
  };

  it('create an object at 0 and let it grow, with the checksum of the whole', async () => {
    const Key = newKey();
    const first = await append(Key, 'ab', 0, { ContentType: 'text/x', Metadata: { a: 'b' } });
    expect(first).toMatchObject({ Size: 2 });
    const second = await append(Key, 'c'.repeat(1500), 2);
    expect(second).toMatchObject({ Size: 1502, ChecksumCRC32: crcOf('c'.repeat(1500)) });
    const third = await append(Key, 'def', 1502);
    const whole = `ab${'c'.repeat(1500)}def`;
    expect(await text(Key)).toBe(whole);
    expect(await head(Key)).toMatchObject({
      ...{ ContentLength: 1505, ContentType: 'text/x', Metadata: { a: 'b' }, ETag: third.ETag },
      ...{ ChecksumCRC32: crcOf(whole), ChecksumType: 'FULL_OBJECT' },
    });
    expect(third.ETag).not.toBe(second.ETag);
    const { Body, PartsCount } = await s3.send(
      new GetObjectCommand({ Bucket, Key, PartNumber: 2 }),
    );
    expect(await Body?.transformToString()).toBe('c'.repeat(1500));
    expect(PartsCount).toBe(3);
  });

  it('with SHA-256 give the checksum of the parts', async () => {
    const Key = newKey();
    const sha = (content: string | Buffer) => createHash('sha256').update(content).digest();
    for (const [at, body] of ['one', 'two', 'six'].entries()) {
      await append(Key, body, at * 3, { ChecksumAlgorithm: 'SHA256' });
    }
    const parts = Buffer.concat([sha('one'), sha('two'), sha('six')]);
    expect(await head(Key)).toMatchObject({
      ...{ ChecksumSHA256: `${sha(parts).toString('base64')}-3`, ChecksumType: 'COMPOSITE' },
    });
    const other = append(Key, 'x', 9, { ChecksumAlgorithm: 'CRC32' });
    expect(await outcome(other)).toBe('400 InvalidRequest');
  });

  it('continue uploads in parts and empty objects', async () => {
    const Key = newKey();
    await (await uploadOf(Key, 'parts'))();
    await append(Key, '!', 5);
    expect(await text(Key)).toBe('parts!');
    const empty = newKey();
    await put(empty, '');
    await append(empty, 'x', 0);
    expect(await text(empty)).toBe('x');
  });

  it.each([
    ['behind the end', 'x', 4, {}, '400 InvalidWriteOffset'],
    ['before the end', 'x', 2, {}, '400 InvalidWriteOffset'],
    ['of nothing', '', 3, {}, '400 InvalidRequest'],
    ['with user metadata', 'x', 3, { Metadata: { a: 'b' } }, '400 InvalidRequest'],
    ['with a condition that fails', 'x', 3, { IfMatch: '"y"' }, '412 PreconditionFailed'],
    ['with If-None-Match', 'x', 3, { IfNoneMatch: '*' }, '412 PreconditionFailed'],
    ['to a new object elsewhere than at 0', 'x', 1, { Key: 'missing' }, '400 InvalidWriteOffset'],
  ])('%s are refused', async (_, body, offset, more, expected) => {
    const Key = newKey();
    await put(Key, 'abc');
    expect(await outcome(append(Key, body, offset, more))).toBe(expected);
    expect(await text(Key)).toBe('abc');
  });

  it('end at 10,000 parts', async () => {
    const Key = newKey();
    await put(Key, 'abc');
    const found = await core.index.findObject(core.bucket.id, Key);
    const find = core.index.findObject;
    core.index.findObject = async () => found && { ...found, partCount: 10_000 };
    expect(await outcome(append(Key, 'x', 3))).toBe('400 TooManyParts');
    core.index.findObject = find;
  });

  it('leave a reader that began before with the bytes it began with', async () => {
    const Key = newKey();
    await append(Key, 'a'.repeat(5000), 0);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    await append(Key, 'b'.repeat(3000), 5000);
    expect(await Body?.transformToString()).toBe('a'.repeat(5000));
    const { Body: part } = await s3.send(
      new GetObjectCommand({ Bucket, Key, Range: 'bytes=4999-5000' }),
    );
    expect(await part?.transformToString()).toBe('ab');
  });

  it('of a hundred at one offset one succeeds', async () => {
    const Key = newKey();
    for (let offset = 0; offset < 3; offset += 1) {
      const racers = Array.from({ length: 100 }, (_, n) =>
        outcome(append(Key, `${n % 10}`, offset)),
      );
      const outcomes = await Promise.all(racers);
      expect(outcomes.filter((one) => one === 'done')).toHaveLength(1);
      expect(new Set(outcomes)).toEqual(new Set(['done', '400 InvalidWriteOffset']));
    }
    expect((await head(Key)).ContentLength).toBe(3);
  });

  it('need a bucket without versions', async () => {
    const versioned = await core.index.createBucket({
      ...{ name: 'versioned', ownerId: core.alice.userId, locationConstraint: null },
      ...{ createdAtMs: 0, versioning: 'Enabled' },
    });
    expect(versioned.created).toBe(true);
    const request = { Bucket: 'versioned', Key: 'a', Body: 'x', WriteOffsetBytes: 0 };
    expect(await outcome(s3.send(new PutObjectCommand(request)))).toBe('409 InvalidBucketState');
    const renaming = rename('a', 'b', { Bucket: 'versioned' });
    expect(await outcome(renaming)).toBe('409 InvalidBucketState');
  });
});

describe('renames', () => {
  it('keep everything of an object but its key, and replace what was there', async () => {
    const [from, to] = [newKey(), `ü ${newKey()}`];
    await put(from, 'body', { Metadata: { a: 'b' }, ContentType: 'text/x' });
    await put(to, 'replaced');
    const before = await head(from);
    await rename(encodeURIComponent(from), to);
    const { ETag, LastModified, ContentType, Metadata } = before;
    expect(await head(to)).toMatchObject({ ETag, LastModified, ContentType, Metadata });
    expect(await text(to)).toBe('body');
    expect(await outcome(text(from))).toBe('404 NoSuchKey');
    // The form with the bucket, and back.
    await rename(`/${Bucket}/${encodeURIComponent(to)}`, from);
    expect(await text(from)).toBe('body');
  });

  it('repeat with their token without doing anything', async () => {
    const [from, to] = [newKey(), newKey()];
    await put(from, 'body');
    const ClientToken = `token-${from}`;
    await rename(from, to, { ClientToken });
    await put(from, 'another');
    await rename(from, to, { ClientToken });
    expect([await text(from), await text(to)]).toEqual(['another', 'body']);
    const other = rename(from, newKey(), { ClientToken });
    expect(await outcome(other)).toBe('400 IdempotencyParameterMismatch');
  });

  it.each<[string, Partial<RenameObjectCommandInput>, string]>([
    ['If-None-Match', { DestinationIfNoneMatch: '*' }, '412 PreconditionFailed'],
    ['If-Match', { DestinationIfMatch: '"x"' }, '412 PreconditionFailed'],
    ['dates', { DestinationIfUnmodifiedSince: new Date(1000) }, '412 PreconditionFailed'],
    ['dates that hold', { DestinationIfModifiedSince: new Date(1000) }, 'done'],
    ["the source's ETag", { SourceIfMatch: '"x"' }, '412 PreconditionFailed'],
    ["the source's absence", { SourceIfNoneMatch: '*' }, '412 PreconditionFailed'],
    ["the source's date", { SourceIfUnmodifiedSince: new Date(1000) }, '412 PreconditionFailed'],
    ["the source's date that holds", { SourceIfModifiedSince: new Date(1000) }, 'done'],
  ])('heed %s', async (_, condition, expected) => {
    const [from, to] = [newKey(), newKey()];
    await put(from, 'body');
    await put(to, 'there');
    expect(await outcome(rename(from, to, condition))).toBe(expected);
    expect(await text(to)).toBe(expected === 'done' ? 'body' : 'there');
  });

  it('refuse what cannot be renamed', async () => {
    const from = newKey();
    await put(from, 'body');
    expect(await outcome(rename('missing', 'to'))).toBe('404 NoSuchKey');
    expect(await outcome(rename(from, from))).toBe('400 InvalidRequest');
    expect(await outcome(rename(from, 'directory/'))).toBe('400 InvalidRequest');
    expect(await outcome(rename(from, 'to', { ClientToken: 'x'.repeat(65) }))).toBe(
      '400 InvalidArgument',
    );
    expect(await outcome(rename('%zz', 'to'))).toBe('400 InvalidArgument');
    expect(await text(from)).toBe('body');
  });

  it('of a hundred of one object one succeeds', async () => {
    const from = newKey();
    await put(from, 'body');
    const targets = Array.from({ length: 100 }, () => newKey());
    const outcomes = await Promise.all(targets.map((to) => outcome(rename(from, to))));
    expect(outcomes.filter((one) => one === 'done')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['done', '404 NoSuchKey']));
    const winner = targets[outcomes.indexOf('done')] ?? '';
    expect(await text(winner)).toBe('body');
  });
});

describe('quotas', () => {
  it('refuse what would exceed them, and tell how much', async () => {
    const holder = { kind: 'bucket' as const, bucketId: core.bucket.id };
    const { sizeBytes } = await core.index.findBucketUsage(core.bucket.id);
    await core.index.setQuota(holder, { sizeBytes: sizeBytes + 10, objectCount: null });
    // Parts do not count before they are an object, but have to fit when they come.
    const complete = await uploadOf(newKey(), 'x');
    const Key = newKey();
    const failing = put(Key, 'x'.repeat(11));
    await expect(failing).rejects.toMatchObject({
      ...{ name: 'QuotaExceeded', Code: 'QuotaExceeded' },
      message: `The quota of this bucket is ${sizeBytes + 10} bytes, of which ${sizeBytes} are used; this write would add 11.`,
    });
    await put(Key, 'x'.repeat(10));
    expect(await outcome(append(Key, 'x', 10))).toBe('403 QuotaExceeded');
    const CopySource = `${Bucket}/${Key}`;
    const copy = s3.send(new CopyObjectCommand({ Bucket, Key: newKey(), CopySource }));
    expect(await outcome(copy)).toBe('403 QuotaExceeded');
    expect(await outcome(complete())).toBe('403 QuotaExceeded');
    await rename(Key, newKey());
    await core.index.setQuota(holder, { sizeBytes: null, objectCount: null });
    expect(await outcome(complete())).toBe('done');
  });
});
