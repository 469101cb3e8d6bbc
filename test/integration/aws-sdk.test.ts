import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

const MIB = 2 ** 20;
const Bucket = newBucketName('sdk');
let gateway: GatewayProcess;
let s3: S3Client;

beforeAll(async () => {
  // Small segments, so that objects of a few MiB have several.
  gateway = await GatewayProcess.start({ env: { GATEWAY_SEGMENT_SIZE: '2MiB' } });
  s3 = s3ClientOf(gateway);
  await s3.send(new CreateBucketCommand({ Bucket }));
});

afterAll(async () => {
  await deleteAllBuckets(s3);
  await gateway.dispose();
});

const md5 = (content: Buffer | string) => createHash('md5').update(content).digest('hex');
const put = (Key: string, Body: Buffer | string, more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));

async function get(Key: string, more: Partial<GetObjectCommandInput> = {}) {
  const answer = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { ...answer, content: Buffer.from((await answer.Body?.transformToByteArray()) ?? []) };
}

/** The error that S3 answered with. */
async function errorOf(sent: Promise<unknown>) {
  const error = await sent.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof S3ServiceException)) throw error ?? new Error('no error came');
  return { code: error.name, httpStatus: error.$metadata.httpStatusCode };
}

describe('buckets', () => {
  it('are created, listed, looked at and deleted', async () => {
    const name = newBucketName('life');
    const created = await s3.send(new CreateBucketCommand({ Bucket: name }));
    expect(created.Location).toBe(`/${name}`);
    await s3.send(new HeadBucketCommand({ Bucket: name }));
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets?.map((bucket) => bucket.Name)).toContain(name);
    await s3.send(new DeleteBucketCommand({ Bucket: name }));
    expect(await errorOf(s3.send(new HeadBucketCommand({ Bucket: name })))).toEqual({
      code: 'NotFound',
      httpStatus: 404,
    });
  });

  it('have the location that they were created with', async () => {
    const name = newBucketName('where');
    await s3.send(
      new CreateBucketCommand({
        Bucket: name,
        CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
      }),
    );
    const there = await s3.send(new GetBucketLocationCommand({ Bucket: name }));
    expect(there.LocationConstraint).toBe('eu-west-1');
    const here = await s3.send(new GetBucketLocationCommand({ Bucket }));
    expect(here.LocationConstraint).toBeUndefined();
  });

  it('that are not empty stay', async () => {
    await put('in the way', 'x');
    expect(await errorOf(s3.send(new DeleteBucketCommand({ Bucket })))).toEqual({
      code: 'BucketNotEmpty',
      httpStatus: 409,
    });
  });

  it('that do not exist are NoSuchBucket', async () => {
    const missing = newBucketName('missing');
    expect(await errorOf(s3.send(new ListObjectsV2Command({ Bucket: missing })))).toEqual({
      code: 'NoSuchBucket',
      httpStatus: 404,
    });
  });

  it('with a bad name are refused', async () => {
    expect(await errorOf(s3.send(new CreateBucketCommand({ Bucket: 'Bad_Name' })))).toEqual({
      code: 'InvalidBucketName',
      httpStatus: 400,
    });
  });
});

describe('objects', () => {
  it.each([
    ['empty', 0],
    ['one byte', 1],
    ['4 KiB', 4096],
    ['more than the replay buffer', MIB + 1],
    ['exactly one segment', 2 * MIB],
    ['several segments', 5 * MIB + 3],
  ])('of %s come back as they were', async (name, size) => {
    const content = randomBytes(size);
    const stored = await put(`size/${name}`, content);
    expect(stored.ETag).toBe(`"${md5(content)}"`);
    const read = await get(`size/${name}`);
    expect(read.content.equals(content)).toBe(true);
    expect(read.ETag).toBe(`"${md5(content)}"`);
  });

  it('can be streamed with a trailing checksum', async () => {
    const content = randomBytes(3 * MIB);
    const { ChecksumCRC32 } = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'streamed',
        Body: Readable.from([content.subarray(0, 65_536), content.subarray(65_536)]),
        ContentLength: content.length,
      }),
    );
    expect(ChecksumCRC32).toMatch(/=$/);
    expect((await get('streamed')).content.equals(content)).toBe(true);
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'carry a %s that the SDK verifies on the way back',
    async (ChecksumAlgorithm) => {
      const Key = `checksum/${ChecksumAlgorithm}`;
      const stored = await put(Key, 'hello', { ChecksumAlgorithm });
      const value = stored[`Checksum${ChecksumAlgorithm}`];
      expect(value).toBeTruthy();
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
      expect(head[`Checksum${ChecksumAlgorithm}`]).toBe(value);
      expect((await get(Key)).content.toString()).toBe('hello');
    },
  );

  it('with a wrong checksum are refused and not visible', async () => {
    const wrong = put('wrong', 'hello', { ChecksumSHA256: `${'A'.repeat(43)}=` });
    expect(await errorOf(wrong)).toEqual({ code: 'BadDigest', httpStatus: 400 });
    expect((await errorOf(get('wrong'))).code).toBe('NoSuchKey');
  });

  it('keep system headers and user metadata', async () => {
    await put('described', 'x', {
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment; filename="x.txt"',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de-DE, en-CA',
      ContentType: 'text/x-test; charset=utf-8',
      Expires: new Date('2030-01-01T00:00:00Z'),
      Metadata: { color: 'blue', 'mixed-case': 'Value With Spaces' },
    });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'described' }));
    expect(head).toMatchObject({
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment; filename="x.txt"',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de-DE, en-CA',
      ContentType: 'text/x-test; charset=utf-8',
      ExpiresString: 'Tue, 01 Jan 2030 00:00:00 GMT',
      Metadata: { color: 'blue', 'mixed-case': 'Value With Spaces' },
      ContentLength: 1,
    });
  });

  it('stored with a streaming checksum do not keep aws-chunked as their encoding', async () => {
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'plain',
        Body: Readable.from([Buffer.from('x')]),
        ContentLength: 1,
      }),
    );
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'plain' }));
    expect(head.ContentEncoding).toBeUndefined();
  });

  it.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=5-99', '56789', 'bytes 5-9/10'],
  ])('are read in part with %s', async (Range, text, contentRange) => {
    await put('digits', '0123456789');
    const read = await get('digits', { Range });
    expect([read.content.toString(), read.ContentRange]).toEqual([text, contentRange]);
  });

  it('are read in part across segments', async () => {
    const content = randomBytes(5 * MIB);
    await put('wide', content);
    const read = await get('wide', { Range: `bytes=${2 * MIB - 10}-${4 * MIB + 9}` });
    expect(read.content.equals(content.subarray(2 * MIB - 10, 4 * MIB + 10))).toBe(true);
  });

  it('have no byte after their end', async () => {
    await put('digits', '0123456789');
    expect(await errorOf(get('digits', { Range: 'bytes=10-' }))).toEqual({
      code: 'InvalidRange',
      httpStatus: 416,
    });
  });

  it('answer conditions on reads', async () => {
    const { ETag } = await put('conditional', 'x');
    const later = new Date(Date.now() + 3_600_000);
    const earlier = new Date(Date.now() - 3_600_000);
    const statusOf = async (more: object) => (await errorOf(get('conditional', more))).httpStatus;
    expect(await statusOf({ IfNoneMatch: ETag })).toBe(304);
    expect(await statusOf({ IfModifiedSince: later })).toBe(304);
    expect(await statusOf({ IfMatch: '"other"' })).toBe(412);
    expect(await statusOf({ IfUnmodifiedSince: earlier })).toBe(412);
    expect((await get('conditional', { IfMatch: ETag })).content.toString()).toBe('x');
  });

  it('answer conditions on writes', async () => {
    const key = 'only once';
    const { ETag } = await put(key, 'first', { IfNoneMatch: '*' });
    expect(await errorOf(put(key, 'second', { IfNoneMatch: '*' }))).toEqual({
      code: 'PreconditionFailed',
      httpStatus: 412,
    });
    expect((await errorOf(put(key, 'second', { IfMatch: '"other"' }))).httpStatus).toBe(412);
    await put(key, 'second', { IfMatch: ETag });
    expect((await get(key)).content.toString()).toBe('second');
  });

  it('let a reader override response headers', async () => {
    await put('override', 'x', { ContentType: 'text/plain' });
    const read = await get('override', {
      ResponseContentType: 'application/pdf',
      ResponseContentDisposition: 'inline',
    });
    expect([read.ContentType, read.ContentDisposition]).toEqual(['application/pdf', 'inline']);
  });

  it('are deleted, once or again', async () => {
    await put('gone', 'x');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
    expect(await errorOf(get('gone'))).toEqual({ code: 'NoSuchKey', httpStatus: 404 });
  });

  it('are deleted by the thousand', async () => {
    const keys = Array.from({ length: 1000 }, (_, number) => `bulk/${number}`);
    await put('bulk/1', 'x');
    const { Deleted, Errors } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }),
    );
    expect([Deleted?.length, Errors]).toEqual([1000, undefined]);
    expect((await errorOf(get('bulk/1'))).code).toBe('NoSuchKey');
    const quiet = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a' }], Quiet: true } }),
    );
    expect(quiet.Deleted).toBeUndefined();
  });
});

describe('keys', () => {
  it.each([
    'a',
    'a/b',
    'a//b',
    '/leading',
    'trailing/',
    '../up/./here',
    'with space',
    'plus+and%2Fpercent%',
    "punctuation !'()*~;:@&=$,?#[]",
    '照片/😀.jpg',
    'e\u0301 and é',
    '<xml> & "quotes"',
    'line\nbreak\ttab',
    'k'.repeat(1024),
  ])('%j is a key like any other', async (Key) => {
    const content = `content of ${Key}`;
    await put(Key, content);
    expect((await get(Key)).content.toString()).toBe(content);
    const { Contents } = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1, EncodingType: 'url' }),
    );
    expect(decodeURIComponent(Contents?.[0]?.Key?.replaceAll('+', ' ') ?? '')).toBe(Key);
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    expect((await errorOf(get(Key))).code).toBe('NoSuchKey');
  });

  it('of more than 1024 bytes are refused', async () => {
    expect(await errorOf(put('k'.repeat(1025), 'x'))).toEqual({
      code: 'KeyTooLongError',
      httpStatus: 400,
    });
  });
});

describe('copies', () => {
  it('have content and metadata of the source', async () => {
    await put('source +1', 'x', { ContentType: 'text/x-source', Metadata: { a: '1' } });
    const CopySource = `${Bucket}/${encodeURIComponent('source +1')}`;
    const { CopyObjectResult } = await s3.send(
      new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }),
    );
    expect(CopyObjectResult?.ETag).toBe(`"${md5('x')}"`);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'source +1' }));
    const copy = await get('copy');
    expect(copy.content.toString()).toBe('x');
    expect([copy.ContentType, copy.Metadata]).toEqual(['text/x-source', { a: '1' }]);
  });

  it('have new metadata when asked to', async () => {
    await put('source', 'x', { Metadata: { a: '1' } });
    await s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'source',
        CopySource: `${Bucket}/source`,
        MetadataDirective: 'REPLACE',
        Metadata: { b: '2' },
      }),
    );
    expect((await get('source')).Metadata).toEqual({ b: '2' });
  });

  it('answer conditions on the source', async () => {
    await put('source', 'x');
    const copy = s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'never',
        CopySource: `${Bucket}/source`,
        CopySourceIfMatch: '"other"',
      }),
    );
    expect((await errorOf(copy)).httpStatus).toBe(412);
  });
});

describe('listings', () => {
  const name = newBucketName('list');
  const keys = ['a', 'a/1', 'a/2', 'b/1', 'b/2/3', 'c d+e', 'z'];

  beforeAll(async () => {
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    for (const Key of keys) {
      await s3.send(new PutObjectCommand({ Bucket: name, Key, Body: Key }));
    }
  });

  it('come in order, page by page', async () => {
    const listed: (string | undefined)[] = [];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 3 }, { Bucket: name })) {
      listed.push(...(page.Contents ?? []).map((object) => object.Key));
    }
    expect(listed).toEqual(keys);
  });

  it('gather common prefixes', async () => {
    const { Contents, CommonPrefixes, KeyCount } = await s3.send(
      new ListObjectsV2Command({ Bucket: name, Delimiter: '/' }),
    );
    expect(Contents?.map((object) => object.Key)).toEqual(['a', 'c d+e', 'z']);
    expect(CommonPrefixes?.map((each) => each.Prefix)).toEqual(['a/', 'b/']);
    expect(KeyCount).toBe(5);
  });

  it('start after a key, and tell owners when asked', async () => {
    const { Contents } = await s3.send(
      new ListObjectsV2Command({ Bucket: name, StartAfter: 'b/1', FetchOwner: true }),
    );
    expect(Contents?.map((object) => object.Key)).toEqual(['b/2/3', 'c d+e', 'z']);
    expect(Contents?.[0]?.Owner?.ID).toBeTruthy();
    expect(Contents?.[0]).toMatchObject({ Size: 5, ETag: `"${md5('b/2/3')}"` });
  });

  it('of version 1 go on from a marker', async () => {
    const first = await s3.send(
      new ListObjectsCommand({ Bucket: name, Delimiter: '/', MaxKeys: 2 }),
    );
    expect([first.IsTruncated, first.NextMarker]).toEqual([true, 'a/']);
    const second = await s3.send(
      new ListObjectsCommand({ Bucket: name, Delimiter: '/', Marker: first.NextMarker }),
    );
    expect(second.CommonPrefixes?.map((each) => each.Prefix)).toEqual(['b/']);
  });

  it('of no keys at all are not truncated', async () => {
    const { IsTruncated, KeyCount } = await s3.send(
      new ListObjectsV2Command({ Bucket: name, MaxKeys: 0 }),
    );
    expect([IsTruncated, KeyCount]).toEqual([false, 0]);
  });
});

describe('multipart uploads', () => {
  const parts = [randomBytes(5 * MIB), randomBytes(5 * MIB), randomBytes(100)] as const;
  const whole = Buffer.concat(parts);
  const etag = `"${md5(Buffer.concat(parts.map((part) => Buffer.from(md5(part), 'hex'))))}-3"`;

  async function begin(Key: string) {
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket, Key, Metadata: { a: '1' } }),
    );
    return { Bucket, Key, UploadId };
  }

  it('become one object when completed, and complete again', async () => {
    const upload = await begin('big');
    const Parts = [];
    for (const [index, Body] of parts.entries()) {
      const PartNumber = index + 1;
      const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
      Parts.push({ ETag, PartNumber });
    }
    const listed = await s3.send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
    expect(listed.Parts?.map((part) => part.Size)).toEqual([5 * MIB, 5 * MIB]);
    expect(listed.IsTruncated).toBe(true);
    const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
    expect((await s3.send(complete)).ETag).toBe(etag);
    expect((await s3.send(complete)).ETag).toBe(etag);
    const read = await get('big');
    expect(read.content.equals(whole)).toBe(true);
    expect([read.ETag, read.Metadata]).toEqual([etag, { a: '1' }]);
    const second = await get('big', { PartNumber: 2 });
    expect(second.content.equals(parts[1])).toBe(true);
    expect(second.PartsCount).toBe(3);
  });

  it('take parts from other objects', async () => {
    await put('part source', whole);
    const upload = await begin('assembled');
    const CopySource = `${Bucket}/part%20source`;
    const ranges = [`bytes=0-${5 * MIB - 1}`, `bytes=${5 * MIB}-${5 * MIB + 9}`];
    const Parts = [];
    for (const [index, CopySourceRange] of ranges.entries()) {
      const PartNumber = index + 1;
      const { CopyPartResult } = await s3.send(
        new UploadPartCopyCommand({ ...upload, PartNumber, CopySource, CopySourceRange }),
      );
      Parts.push({ ETag: CopyPartResult?.ETag, PartNumber });
    }
    await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    expect((await get('assembled')).content.equals(whole.subarray(0, 5 * MIB + 10))).toBe(true);
  });

  it('are listed until they are aborted', async () => {
    const upload = await begin('given up');
    await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' }));
    const list = async () =>
      (await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'given' }))).Uploads;
    expect((await list())?.map((each) => each.UploadId)).toEqual([upload.UploadId]);
    await s3.send(new AbortMultipartUploadCommand(upload));
    expect(await list()).toBeUndefined();
    expect((await errorOf(s3.send(new ListPartsCommand(upload)))).code).toBe('NoSuchUpload');
  });

  it.each([
    ['a wrong ETag', [{ PartNumber: 1, ETag: '"0"' }], 'InvalidPart'],
    ['a part that was never sent', [{ PartNumber: 7, ETag: '"0"' }], 'InvalidPart'],
  ])('with %s do not complete', async (_, Parts, code) => {
    const upload = await begin('refused');
    await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' }));
    const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
    expect((await errorOf(s3.send(complete))).code).toBe(code);
  });

  it('with a small part in the middle do not complete', async () => {
    const upload = await begin('small');
    const Parts = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body: 'x' }));
      Parts.push({ ETag, PartNumber });
    }
    const inOrder = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
    expect((await errorOf(s3.send(inOrder))).code).toBe('EntityTooSmall');
    const MultipartUpload = { Parts: Parts.toReversed() };
    const reversed = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload });
    expect((await errorOf(s3.send(reversed))).code).toBe('InvalidPartOrder');
  });

  it('of lib-storage, from a stream of unknown length', async () => {
    const content = randomBytes(12 * MIB);
    const upload = new Upload({
      client: s3,
      params: { Bucket, Key: 'lib-storage', Body: Readable.from(chunksOf(content, 100_000)) },
      partSize: 5 * MIB,
    });
    const { ETag } = await upload.done();
    expect(ETag).toMatch(/-3"$/);
    expect((await get('lib-storage')).content.equals(content)).toBe(true);
  });
});

function* chunksOf(content: Buffer, size: number) {
  for (let offset = 0; offset < content.length; offset += size) {
    yield content.subarray(offset, offset + size);
  }
}

describe('presigned URLs', () => {
  it('upload and download without a key', async () => {
    const target = { Bucket, Key: 'presigned/照片 +1.jpg' };
    const putUrl = await getSignedUrl(s3, new PutObjectCommand(target), { expiresIn: 60 });
    expect((await fetch(putUrl, { method: 'PUT', body: 'hello' })).status).toBe(200);
    const getUrl = await getSignedUrl(s3, new GetObjectCommand(target), { expiresIn: 60 });
    expect(await (await fetch(getUrl)).text()).toBe('hello');
  });

  it('are refused when they are changed', async () => {
    await put('presigned', 'x');
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'presigned' }));
    const changed = await fetch(url.replace('/presigned?', '/other?'));
    expect(changed.status).toBe(403);
    expect(await changed.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
  });
});

describe('virtual hosts', () => {
  let hosted: GatewayProcess;

  beforeAll(async () => {
    hosted = await GatewayProcess.start({ env: { GATEWAY_DOMAINS: 's3.test' } });
  });

  afterAll(async () => {
    await deleteAllBuckets(s3ClientOf(hosted));
    await hosted.dispose();
  });

  /** Sends a signed request for the virtual host to the gateway itself: no name service is asked. */
  async function fetchHosted(url: string, method: string, body = '') {
    const { host, pathname, search } = new URL(url);
    return await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const { hostname, port } = new URL(hosted.endpoint);
      const headers = { host, 'content-length': Buffer.byteLength(body) };
      const sent = request(
        { hostname, port, method, path: pathname + search, headers },
        async (response) => {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk as Buffer);
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        },
      );
      sent.on('error', reject).end(body);
    });
  }

  it('name the bucket in front of the domain', async () => {
    const name = newBucketName('host');
    await s3ClientOf(hosted).send(new CreateBucketCommand({ Bucket: name }));
    const { port } = new URL(hosted.endpoint);
    const virtual = s3ClientOf(hosted, {
      endpoint: `http://s3.test:${port}`,
      forcePathStyle: false,
    });
    const target = { Bucket: name, Key: 'a/b c' };
    const putUrl = await getSignedUrl(virtual, new PutObjectCommand(target));
    expect(new URL(putUrl).hostname).toBe(`${name}.s3.test`);
    expect((await fetchHosted(putUrl, 'PUT', 'hello')).status).toBe(200);
    const getUrl = await getSignedUrl(virtual, new GetObjectCommand(target));
    expect(await fetchHosted(getUrl, 'GET')).toEqual({ status: 200, text: 'hello' });
  });
});
