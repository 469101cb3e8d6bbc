import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CoreS3Server,
  coreSecretAccessKey,
  startCoreS3Server,
} from '../support/core-s3-server.ts';
import { createTestCore, type TestCore } from '../support/core-services.ts';
import { type FormPart, formBody, testBoundary } from '../support/form-body.ts';
import { encodePolicy, signedFields, signedFieldsV2 } from '../support/post-policy.ts';
import { RawConnection } from '../support/raw-http.ts';

let core: TestCore;
let server: CoreS3Server;
let serverV2: CoreS3Server;
let key: { accessKeyId: string; secretAccessKey: string };

beforeEach(async () => {
  core = await createTestCore({ replayBufferSizeBytes: 100_000 });
  server = await startCoreS3Server(core, { domains: ['s3.test'] });
  serverV2 = await startCoreS3Server(core, { acceptsSignatureV2: true });
  key = { accessKeyId: core.alice.accessKeyId, secretAccessKey: coreSecretAccessKey };
});
afterEach(async () => {
  await server.close();
  await serverV2.close();
});
const file: FormPart = { name: 'file', value: 'content', fileName: 'cat.jpg' };
const partsOf = (fields: Readonly<Record<string, string>>) =>
  Object.entries(fields).map(([name, value]): FormPart => ({ name, value }));

interface Posted {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly boundary?: string;
}

async function postBody(body: Buffer, { url = `${server.endpoint}/photos`, headers }: Posted = {}) {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': `multipart/form-data; boundary=${testBoundary}`, ...headers },
    body: new Uint8Array(body),
  });
  const text = await response.text();
  const element = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(text)?.[1];
  return {
    status: response.status,
    headers: response.headers,
    text,
    code: element('Code'),
    message: element('Message'),
    element,
  };
}

const post = (fields: Readonly<Record<string, string>>, posted: Posted = {}) =>
  postBody(formBody([...partsOf(fields), file]), posted);

async function stored(name: string) {
  const object = await core.index.findObject(core.bucket.id, name);
  return object && { ...object, content: String(await contentOf(object.fileId)) };
}

async function contentOf(fileId: string | null): Promise<Buffer> {
  return fileId === null ? Buffer.alloc(0) : (core.blobs.files.get(fileId) ?? Buffer.alloc(0));
}

describe('a form with a policy', () => {
  it('stores its file with all that its fields say', async () => {
    const fields = signedFields(
      key,
      'photos',
      {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what forms write
        key: 'user/alice/${filename}',
        acl: 'private',
        'Content-Type': 'image/jpeg',
        'Cache-Control': 'no-cache',
        'x-amz-meta-title': 'Käse',
        'x-amz-storage-class': 'STANDARD_IA',
        'x-amz-checksum-sha256': createHash('sha256').update('content').digest('base64'),
        'x-ignore-button': 'Upload',
      },
      [
        ['starts-with', '$key', 'user/alice/'],
        ['content-length-range', 1, 7],
      ],
    );
    const answer = await post(fields);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.headers.get('etag')).toBe('"9a0364b9e99bb480dd25e1f0284c8555"');
    expect(answer.headers.get('location')).toBe(`${server.endpoint}/photos/user/alice/cat.jpg`);
    const object = await stored('user/alice/cat.jpg');
    expect(object).toMatchObject({ content: 'content', size: 7, ownerId: core.alice.userId });
    expect(object?.headers).toEqual({
      'content-type': 'image/jpeg',
      'cache-control': 'no-cache',
      'x-amz-storage-class': 'STANDARD_IA',
    });
    expect(object?.userMetadata).toEqual({ title: Buffer.from('Käse').toString('latin1') });
    expect(object?.checksum).toMatchObject({ algorithm: 'SHA256', type: 'FULL_OBJECT' });
  });

  it('has an address of either style', async () => {
    const fields = signedFields(key, 'photos', { key: 'a b/ü' });
    expect(
      (await post(fields, { url: `${server.endpoint}/photos/` })).headers.get('location'),
    ).toBe(`${server.endpoint}/photos/a%20b/%C3%BC`);
    const connection = await RawConnection.open(server.port);
    const body = formBody([...partsOf(fields), file]);
    connection.write(
      `POST / HTTP/1.1\r\nHost: photos.s3.test\r\nContent-Type: multipart/form-data; boundary=${testBoundary}\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    expect((await connection.response()).status).toBe(100);
    connection.write(body);
    const answer = await connection.response();
    expect(answer.headers.get('location')).toBe('http://photos.s3.test/a%20b/%C3%BC');
    connection.destroy();
  });

  it('is signed with version 2 where that counts', async () => {
    const policy = encodePolicy([{ bucket: 'photos' }, ['StArTs-WiTh', '$KeY', 'v2/']]);
    const fields = signedFieldsV2(key, { kEy: 'v2/a' }, policy);
    const url = `${serverV2.endpoint}/photos`;
    expect((await post(fields, { url })).status).toBe(204);
    expect(await post(fields)).toMatchObject({ status: 400, code: 'InvalidRequest' });
    expect(await post({ ...fields, signature: 'x' }, { url })).toMatchObject({
      code: 'SignatureDoesNotMatch',
    });
  });
});

describe('the answer', () => {
  it.each([
    ['200', 200],
    ['201', 201],
    ['204', 204],
    ['404', 204],
    ['', 204],
  ])('to success_action_status %j is %d', async (wanted, status) => {
    const fields = signedFields(key, 'photos', { key: 'k&', success_action_status: wanted });
    const answer = await post(fields);
    expect(answer.status).toBe(status);
    if (status !== 201) expect(answer.text).toBe('');
    else {
      expect(answer.text).toContain('<PostResponse>');
      expect(answer.element('Location')).toBe(`${server.endpoint}/photos/k%26`);
      expect(answer.element('Bucket')).toBe('photos');
      expect(answer.element('Key')).toBe('k&amp;');
      expect(answer.element('ETag')).toBe('&quot;9a0364b9e99bb480dd25e1f0284c8555&quot;');
    }
  });

  it.each([
    ['success_action_redirect', 'https://app.example/done', 'https://app.example/done?'],
    ['success_action_redirect', 'https://app.example/?a=1#x', 'https://app.example/?a=1&'],
    ['redirect', 'http://app.example', 'http://app.example/?'],
  ])('to %s %s redirects', async (name, url, start) => {
    const fields = signedFields(key, 'photos', { key: 'a/ü&b', [name]: url });
    const answer = await post(fields);
    expect(answer.status).toBe(303);
    const location = answer.headers.get('location') ?? '';
    expect(location.startsWith(start)).toBe(true);
    expect(location).toContain(
      'bucket=photos&key=a%2F%C3%BC%26b&etag=%229a0364b9e99bb480dd25e1f0284c8555%22',
    );
  });

  it.each(['not a url', 'javascript:alert(1)', '//evil'])(
    'ignores the redirect %s',
    async (url) => {
      const fields = signedFields(key, 'photos', { key: 'k', success_action_redirect: url });
      expect((await post(fields)).status).toBe(204);
    },
  );
});

describe('a form that is refused', () => {
  const signed = (fields: Record<string, string>, more: unknown[] = [], expiresAtMs?: number) =>
    signedFields(key, 'photos', { key: 'refused', ...fields }, more, expiresAtMs);

  it.each<[string, () => Record<string, string>, number, string, string]>([
    ['by nobody', () => ({ key: 'refused' }), 403, 'AccessDenied', 'Access Denied'],
    [
      'by somebody else',
      () =>
        signedFields({ ...key, accessKeyId: core.bob.accessKeyId }, 'photos', { key: 'refused' }),
      403,
      'AccessDenied',
      'Access Denied',
    ],
    [
      'whose policy is over',
      () => signed({}, [], Date.now() - 1000),
      403,
      'AccessDenied',
      'Invalid according to Policy: Policy expired.',
    ],
    [
      'with an extra field',
      () => ({ ...signed({}), 'x-amz-meta-a': '1' }),
      403,
      'AccessDenied',
      'Invalid according to Policy: Extra input fields: x-amz-meta-a',
    ],
    [
      'that breaks a condition',
      () => ({ ...signed({}), key: 'other' }),
      403,
      'AccessDenied',
      'Invalid according to Policy: Policy Condition failed: [&quot;eq&quot;,&quot;$key&quot;,&quot;refused&quot;]',
    ],
    [
      'for another bucket',
      () => signedFields(key, 'other', { key: 'refused' }),
      403,
      'AccessDenied',
      'Invalid according to Policy: Policy Condition failed: [&quot;eq&quot;,&quot;$bucket&quot;,&quot;other&quot;]',
    ],
    [
      'whose policy was changed',
      () => ({ ...signed({}), policy: encodePolicy([]) }),
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated',
    ],
    [
      'with an unknown key',
      () => signedFields({ ...key, accessKeyId: 'NOBODY' }, 'photos', { key: 'refused' }),
      403,
      'InvalidAccessKeyId',
      'does not exist',
    ],
    [
      'without a signature',
      () => ({ ...signed({}), 'x-amz-signature': '' }),
      400,
      'InvalidArgument',
      "Bucket POST must contain a field named 'X-Amz-Signature'",
    ],
    [
      'without a policy',
      () => ({ ...signed({}), policy: '' }),
      400,
      'InvalidArgument',
      "Bucket POST must contain a field named 'policy'",
    ],
    [
      'without a key',
      () => signed({ key: '' }),
      400,
      'InvalidArgument',
      "Bucket POST must contain a field named 'key'",
    ],
    [
      'whose file is too long',
      () => signed({}, [['content-length-range', 0, 6]]),
      400,
      'EntityTooLarge',
      '',
    ],
    [
      'whose file is too short',
      () => signed({}, [['content-length-range', 8, 9]]),
      400,
      'EntityTooSmall',
      '',
    ],
    [
      'with a wrong checksum',
      () => ({ ...signed({}), 'x-amz-checksum-crc32': 'AAAAAA==' }),
      400,
      'BadDigest',
      '',
    ],
    [
      'with a session token',
      () => signed({ 'x-amz-security-token': 'x' }),
      400,
      'InvalidToken',
      '',
    ],
    [
      'whose key is too long',
      () => signed({ key: 'x'.repeat(1025) }),
      400,
      'KeyTooLongError',
      'Your key is too long',
    ],
    [
      'that asks for encryption',
      () => signed({ 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }),
      501,
      'NotImplemented',
      '',
    ],
    ['whose tags are no XML', () => signed({ tagging: '<Tagging>' }), 400, 'MalformedXML', ''],
    [
      'with a header that cannot be',
      () => signed({ 'Content-Type': 'a\r\nb' }),
      400,
      'InvalidArgument',
      '',
    ],
  ])('%s', async (_name, fields, status, code, message) => {
    const answer = await post(fields());
    expect(answer).toMatchObject({ status, code });
    expect(answer.message).toContain(message);
    expect(await core.keys()).toEqual([]);
  });

  it('whose credential is for another region tells which', async () => {
    const fields = signed({});
    const elsewhere = (fields['x-amz-credential'] ?? '').replace('us-east-1', 'eu-west-1');
    const answer = await post({ ...fields, 'x-amz-credential': elsewhere });
    expect(answer).toMatchObject({ code: 'AuthorizationQueryParametersError' });
    expect(answer.element('Region')).toBe('us-east-1');
  });

  it.each<[string, (body: Buffer) => Buffer, string]>([
    ['has no file', () => formBody(partsOf(signed({}))), 'InvalidArgument'],
    ['has its file first', () => formBody([file, ...partsOf(signed({}))]), 'InvalidArgument'],
    ['is cut in its file', (body) => body.subarray(0, -60), 'MalformedPOSTRequest'],
    ['is cut in its fields', (body) => body.subarray(0, 200), 'MalformedPOSTRequest'],
    [
      'has too much before its file',
      () => formBody([...partsOf({ ...signed({}), 'x-ignore-a': 'x'.repeat(30_000) }), file]),
      'MaxPostPreDataLengthExceededError',
    ],
    [
      'has too much behind its file',
      () => formBody([...partsOf(signed({})), file, { name: 'more', value: 'x'.repeat(70_000) }]),
      'MalformedPOSTRequest',
    ],
  ])('that %s', async (_name, change, code) => {
    const body = change(formBody([...partsOf(signed({})), file]));
    expect(await postBody(body)).toMatchObject({ status: 400, code });
    expect(await core.keys()).toEqual([]);
  });

  it('for a bucket that does not exist', async () => {
    const fields = signedFields(key, 'missing', { key: 'refused' });
    const answer = await post(fields, { url: `${server.endpoint}/missing` });
    expect(answer).toMatchObject({ status: 404, code: 'NoSuchBucket' });
  });

  it('that is also signed in its head', async () => {
    const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=x' };
    expect(await post(signed({}), { headers })).toMatchObject({ code: 'InvalidArgument' });
  });

  it('that is no form', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await post({}, { headers })).code).toBe('AccessDenied');
  });

  it('and whose client leaves in the middle', async () => {
    const body = formBody([...partsOf(signed({})), { ...file, value: 'x'.repeat(200_000) }]);
    const connection = await RawConnection.open(server.port);
    connection.write(
      `POST /photos HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=${testBoundary}\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    connection.write(body.subarray(0, 150_000));
    connection.socket.end();
    expect((await connection.response()).body).toContain('IncompleteBody');
    connection.destroy();
    expect(await core.keys()).toEqual([]);
  });
});

describe('a long file', () => {
  const content = Buffer.alloc(300_000, 'long ');
  const fields = () => partsOf(signedFields(key, 'photos', { key: 'long' }));

  it.each<[string, Buffer[], boolean]>([
    ['as browsers send it', [Buffer.alloc(0)], true],
    ['with a field behind', [formBody([{ name: 'submit', value: 'Upload' }])], false],
  ])('%s is stored as it is', async (_name, [behind = Buffer.alloc(0)], isWhole) => {
    const long: FormPart = { ...file, value: content };
    const whole = formBody([...fields(), long], behind.length > 0 ? { end: '' } : {});
    const body =
      behind.length > 0
        ? Buffer.concat([whole.subarray(0, whole.length - testBoundary.length - 4), behind])
        : whole;
    expect((await postBody(body)).status).toBe(204);
    const object = await core.index.findObject(core.bucket.id, 'long');
    expect(object).toMatchObject({
      size: content.length,
      etag: createHash('md5').update(content).digest('hex'),
    });
    expect(object?.fileId !== null).toBe(isWhole);
  });

  it('whose form ends without a line break is stored as it is', async () => {
    const body = formBody([...fields(), { ...file, value: content }], { end: '' });
    expect((await postBody(body)).status).toBe(204);
    expect(await core.index.findObject(core.bucket.id, 'long')).toMatchObject({
      size: content.length,
      etag: createHash('md5').update(content).digest('hex'),
    });
  });

  it('that is longer than its policy allows is not stored', async () => {
    const limited = signedFields(key, 'photos', { key: 'long' }, [['content-length-range', 0, 9]]);
    const body = formBody([...partsOf(limited), { ...file, value: content }]);
    expect(await postBody(body)).toMatchObject({ code: 'EntityTooLarge' });
    expect(await core.keys()).toEqual([]);
  });
});
