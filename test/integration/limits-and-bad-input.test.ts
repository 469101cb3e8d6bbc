import { createHash } from 'node:crypto';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { RawConnection, type RawResponse, renderHead } from '../support/raw-http.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';
import { type RequestToSign, signRequest } from '../support/signed-request.ts';

const Bucket = newBucketName('limits');
/** Above the replay buffer: streamed to FastDFS before it is known to be good. */
const LARGE = 3 * 2 ** 20;
let gateway: GatewayProcess;
let s3: S3Client;
const connections: RawConnection[] = [];

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: { GATEWAY_BODY_IDLE_TIMEOUT: '500ms' } });
  s3 = s3ClientOf(gateway);
  await s3.send(new CreateBucketCommand({ Bucket }));
});

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.destroy();
  // Whatever was sent, the gateway must go on serving.
  expect((await fetch(`${gateway.consoleUrl}/readyz`)).status).toBe(200);
});

afterAll(async () => {
  await deleteAllBuckets(s3);
  expect(gateway.log.filter((line) => line.level === 60)).toEqual([]);
  await gateway.dispose();
});

async function open(): Promise<RawConnection> {
  const connection = await RawConnection.open(Number(new URL(gateway.endpoint).port));
  connections.push(connection);
  return connection;
}

const sign = (request: RequestToSign) => signRequest({ key: gateway, ...request });

/** Sends a signed head and whatever bytes follow it. */
async function send(request: RequestToSign, bytes: string | Buffer = ''): Promise<RawConnection> {
  const connection = await open();
  connection.write(renderHead(sign(request)));
  connection.write(bytes);
  return connection;
}

async function answer(request: RequestToSign, bytes?: string | Buffer): Promise<RawResponse> {
  return await (await send(request, bytes)).response({ isHead: request.method === 'HEAD' });
}

const codeOf = ({ body }: RawResponse) => /<Code>(\w+)<\/Code>/.exec(body)?.[1];

async function isVisible(Key: string): Promise<boolean> {
  return await s3.send(new HeadObjectCommand({ Bucket, Key })).then(
    () => true,
    () => false,
  );
}

const putTo = (key: string, headers: Record<string, string>): RequestToSign => ({
  method: 'PUT',
  target: `/${Bucket}/${key}`,
  headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers },
});

describe('bodies', () => {
  it.each([
    ['no length', {}, ''],
    ['chunks of unknown total', { 'Transfer-Encoding': 'chunked' }, '5\r\nhello\r\n0\r\n\r\n'],
  ])('with %s are 411', async (name, headers, bytes) => {
    const response = await answer(putTo('no-length', headers), bytes);
    expect([name, response.status, codeOf(response)]).toEqual([name, 411, 'MissingContentLength']);
  });

  it.each([10, LARGE])('of %i bytes that end early are IncompleteBody', async (size) => {
    const key = `short-${size}`;
    const connection = await send(
      putTo(key, { 'Content-Length': String(size) }),
      Buffer.alloc(size - 1),
    );
    connection.socket.end();
    const response = await connection.response();
    expect([response.status, codeOf(response)]).toEqual([400, 'IncompleteBody']);
    expect(await isVisible(key)).toBe(false);
  });

  it.each([10, LARGE])('of %i bytes that stall are RequestTimeout', async (size) => {
    const key = `stalled-${size}`;
    const response = await answer(putTo(key, { 'Content-Length': String(size) }), 'hello');
    expect([response.status, codeOf(response)]).toEqual([400, 'RequestTimeout']);
    expect(response.headers.get('connection')).toBe('close');
    expect(await isVisible(key)).toBe(false);
  });

  const wrongMd5 = createHash('md5').update('something else').digest('base64');
  const wrongSha256 = createHash('sha256').update('something else').digest('hex');
  it.each([
    ['Content-MD5', { 'Content-MD5': wrongMd5 }, 'BadDigest'],
    ['x-amz-content-sha256', { 'x-amz-content-sha256': wrongSha256 }, 'XAmzContentSHA256Mismatch'],
    ['x-amz-checksum-crc32c', { 'x-amz-checksum-crc32c': 'AAAAAA==' }, 'BadDigest'],
    ['x-amz-checksum-crc64nvme', { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }, 'BadDigest'],
    ['x-amz-checksum-sha1', { 'x-amz-checksum-sha1': `${'A'.repeat(27)}=` }, 'BadDigest'],
  ])('that differ from their %s are refused', async (name, headers, code) => {
    for (const size of [5, LARGE]) {
      const key = `wrong-${name}-${size}`;
      const length = { 'Content-Length': String(size) };
      const response = await answer(putTo(key, { ...headers, ...length }), Buffer.alloc(size, 'x'));
      expect([response.status, codeOf(response)]).toEqual([400, code]);
      expect(await isVisible(key)).toBe(false);
    }
  });

  it.each([
    ['not base64', '!!!'],
    ['too short', 'AAAA'],
  ])('with a Content-MD5 that is %s are InvalidDigest', async (_, md5) => {
    const headers = { 'Content-MD5': md5, 'Content-Length': '1' };
    const response = await answer(putTo('digest', headers), 'x');
    expect([response.status, codeOf(response)]).toEqual([400, 'InvalidDigest']);
  });

  it.each([5, LARGE])('of %i bytes with a wrong chunk signature are refused', async (size) => {
    const key = `chunk-${size}`;
    const signature = `chunk-signature=${'0'.repeat(64)}`;
    const content = 'x'.repeat(size);
    const body = `${size.toString(16)};${signature}\r\n${content}\r\n0;${signature}\r\n\r\n`;
    const response = await answer(
      putTo(key, {
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        'x-amz-decoded-content-length': String(size),
        'Content-Encoding': 'aws-chunked',
        'Content-Length': String(body.length),
      }),
      body,
    );
    expect([response.status, codeOf(response)]).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await isVisible(key)).toBe(false);
  });

  it('whose client vanishes leave no key behind', async () => {
    for (const size of [10, LARGE]) {
      const headers = { 'Content-Length': String(size) };
      const connection = await send(putTo(`vanished-${size}`, headers), Buffer.alloc(size / 2));
      connection.socket.resetAndDestroy();
      expect(await isVisible(`vanished-${size}`)).toBe(false);
    }
  });
});

describe('an overwrite that fails', () => {
  it('leaves the object as it was', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'precious', Body: 'the old content' }));
    const headers = { 'Content-MD5': createHash('md5').update('').digest('base64') };
    await answer(putTo('precious', { ...headers, 'Content-Length': '1' }), 'x');
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'precious' }));
    expect(await Body?.transformToString()).toBe('the old content');
  });
});

describe('XML', () => {
  const entities = '<!DOCTYPE a [<!ENTITY b "c">]><Delete><Object><Key>&b;</Key></Object></Delete>';
  const many = '<Object><Key>a</Key></Object>'.repeat(1001);
  it.each([
    ['DeleteObjects', 'no XML', 'POST', `/${Bucket}?delete`, 'hello'],
    ['DeleteObjects', 'unclosed', 'POST', `/${Bucket}?delete`, '<Delete><Object><Key>a</Key>'],
    ['DeleteObjects', 'another root', 'POST', `/${Bucket}?delete`, '<Remove/>'],
    ['DeleteObjects', 'entities', 'POST', `/${Bucket}?delete`, entities],
    ['DeleteObjects', '1001 keys', 'POST', `/${Bucket}?delete`, `<Delete>${many}</Delete>`],
    ['DeleteObjects', '5 MiB of it', 'POST', `/${Bucket}?delete`, '<'.repeat(5 * 2 ** 20)],
    ['CreateBucket', 'no XML', 'PUT', `/${newBucketName('xml')}`, 'hello'],
    [
      'CompleteMultipartUpload',
      'no parts',
      'POST',
      `/${Bucket}/a?uploadId=u`,
      '<CompleteMultipartUpload/>',
    ],
  ])('of %s with %s is MalformedXML', async (_operation, _what, method, target, body) => {
    const response = await answer(
      {
        method,
        target,
        headers: {
          'Content-Length': String(body.length),
          'Content-MD5': createHash('md5').update(body).digest('base64'),
          'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
        },
      },
      body,
    );
    expect([response.status, codeOf(response)]).toEqual([400, 'MalformedXML']);
  });
});

describe('names and headers', () => {
  it.each([
    ['a key of 1025 bytes', `/${Bucket}/${'k'.repeat(1025)}`, 'KeyTooLongError'],
    [
      'a key of 400 characters of 3 bytes',
      `/${Bucket}/${'%E7%85%A7'.repeat(400)}`,
      'KeyTooLongError',
    ],
    ['a key that is not UTF-8', `/${Bucket}/%ff%fe`, 'InvalidURI'],
    ['a key with U+0000', `/${Bucket}/a%00b`, 'InvalidURI'],
    ['a broken escape', `/${Bucket}/a%2`, 'InvalidURI'],
  ])('%s is refused', async (_, target, code) => {
    const connection = await open();
    connection.write(`GET ${target} HTTP/1.1\r\nHost: localhost:9000\r\n\r\n`);
    const response = await connection.response();
    expect([response.status, codeOf(response)]).toEqual([400, code]);
  });

  it('user metadata above 2 KiB is MetadataTooLarge', async () => {
    const headers = { 'x-amz-meta-a': 'x'.repeat(2049), 'Content-Length': '1' };
    const response = await answer(putTo('metadata', headers), 'x');
    expect([response.status, codeOf(response)]).toEqual([400, 'MetadataTooLarge']);
    expect(await isVisible('metadata')).toBe(false);
  });

  it('a header block of 1 MiB is refused', async () => {
    const connection = await open();
    connection.write(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(2 ** 20)}\r\n\r\n`);
    const response = await connection.response();
    expect([response.status, codeOf(response)]).toEqual([400, 'RequestHeaderSectionTooLarge']);
  });

  it('bytes that are not HTTP are refused', async () => {
    const connection = await open();
    connection.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0xff]));
    expect(codeOf(await connection.response())).toBe('MethodNotAllowed');
  });
});

describe('what is not supported', () => {
  it.each([
    ['DELETE', '?policy'],
    ['DELETE', '?lifecycle'],
    ['DELETE', '?tagging'],
    ['DELETE', '?website'],
    ['DELETE', '?encryption'],
    ['PUT', '?versioning'],
    ['PUT', '?acl'],
    ['PUT', '?object-lock'],
    ['PUT', '?replication'],
    ['DELETE', '?policyStatus'],
    ['POST', '?frobnicate'],
  ])('%s of a bucket with %s never is the plain operation', async (method, query) => {
    const target = `/${Bucket}${query}`;
    const response = await answer({ method, target, headers: { 'Content-Length': '0' } });
    expect([204, 400, 405, 501]).toContain(response.status);
    await s3.send(new HeadBucketCommand({ Bucket }));
  });

  it.each(['?acl', '?tagging', '?retention', '?legal-hold', '?torrent'])(
    'DELETE of an object with %s does not delete it',
    async (query) => {
      await s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'x' }));
      const response = await answer({ method: 'DELETE', target: `/${Bucket}/kept${query}` });
      expect([204, 405, 501]).toContain(response.status);
      expect(await isVisible('kept')).toBe(true);
    },
  );

  it('server-side encryption is refused, not ignored', async () => {
    const headers = { 'x-amz-server-side-encryption': 'aws:kms', 'Content-Length': '1' };
    const response = await answer(putTo('secret', headers), 'x');
    expect(response.status).toBe(501);
    expect(await isVisible('secret')).toBe(false);
  });

  it.each(['PATCH', 'TRACE', 'PROPFIND', 'FROB'])('the method %s is 405', async (method) => {
    const response = await answer({ method, target: `/${Bucket}/a` });
    expect([response.status, codeOf(response)]).toEqual([405, 'MethodNotAllowed']);
  });
});

describe('who may what', () => {
  it('a request without a signature is AccessDenied', async () => {
    const response = await fetch(`${gateway.endpoint}/${Bucket}`);
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining('<Code>AccessDenied</Code>'),
    ]);
  });

  it('an error to HEAD has no body', async () => {
    const response = await fetch(`${gateway.endpoint}/${Bucket}/x`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([403, '']);
    expect(response.headers.get('x-amz-request-id')).toBeTruthy();
  });
});
