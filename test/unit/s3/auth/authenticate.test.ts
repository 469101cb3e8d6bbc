import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, it } from 'vitest';
import { authenticate } from '../../../../src/s3/auth/authenticate.ts';
import type { AuthenticationContext } from '../../../../src/s3/auth/authentication.ts';
import {
  canonicalRequest,
  deriveSigningKey,
  hmacSha256,
  renderScope,
  SigningKeyCache,
  stringToSign,
} from '../../../../src/s3/auth/signature-v4.ts';
import { renderAmzDate } from '../../../../src/s3/auth/timestamps.ts';
import { testCaller, testKey } from '../../../support/s3-server.ts';
import {
  type RequestToSign,
  received,
  type SignedHttpRequest,
  signRequest,
  testHost,
} from '../../../support/signed-request.ts';

const minuteMs = 60_000;

function context(overrides: Partial<AuthenticationContext> = {}): AuthenticationContext {
  return {
    region: 'us-east-1',
    now: Date.now,
    signingKeys: new SigningKeyCache(),
    acceptsSignatureV2: false,
    findCredentials: async (accessKeyId) =>
      accessKeyId === testKey.accessKeyId
        ? { secretAccessKey: testKey.secretAccessKey, caller: testCaller }
        : null,
    ...overrides,
  };
}

function verify(request: SignedHttpRequest, overrides: Partial<AuthenticationContext> = {}) {
  return authenticate(received(request), context(overrides));
}

function refusal(request: SignedHttpRequest, overrides: Partial<AuthenticationContext> = {}) {
  return verify(request, overrides).then(
    () => {
      throw new Error('The request was accepted.');
    },
    (error) => error,
  );
}

const targets = [
  '/',
  '/photos',
  '/photos/cat.jpg',
  '/photos//a//../b/',
  '/photos/a%20b%2Bc%25',
  '/photos/%F0%9F%98%80',
  '/photos/a(b)!*~',
  '/photos?list-type=2&prefix=a%2Fb%20c&delimiter=%2F',
  '/photos?acl',
  '/photos/cat.jpg?uploadId=a%2Bb&partNumber=2',
];

describe('authenticate without a signature', () => {
  const anonymous = (headers: Record<string, string> = {}) => ({
    method: 'PUT',
    target: '/photos/cat',
    headers,
  });

  it('is anonymous, and the body may be anything', async () => {
    expect(await verify(anonymous())).toMatchObject({
      caller: { isAnonymous: true, isRoot: false, userId: '65a011a29cdf8ec533ec3d1ccaae921c' },
      payload: { kind: 'unsigned' },
      signing: null,
    });
  });

  it.each([
    ['a'.repeat(64), { kind: 'sha256', sha256Hex: 'a'.repeat(64) }],
    ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { kind: 'chunked', isSigned: false, hasTrailer: true }],
  ])('heeds what the body says of itself: %s', async (said, payload) => {
    const request = anonymous({ 'x-amz-content-sha256': said });
    expect(await verify(request)).toMatchObject({ payload });
  });

  it.each([
    [{ authorization: '' }, '/photos', 'InvalidArgument'],
    [{ authorization: 'Basic YTpi' }, '/photos', 'InvalidArgument'],
    [{}, '/photos?X-Amz-Signature=a', 'AuthorizationQueryParametersError'],
    [{}, '/photos?X-Amz-Algorithm=AWS4-HMAC-SHA256', 'AuthorizationQueryParametersError'],
    [{ 'x-amz-content-sha256': 'never' }, '/photos', 'InvalidArgument'],
  ])('%j of %s is not taken for anonymous', async (headers, target, code) => {
    const request = { method: 'GET', target, headers: headers as Record<string, string> };
    expect(await refusal(request)).toMatchObject({ code });
  });
});

describe('authenticate with a signed header', () => {
  it.each(targets)('accepts what aws4 signed: %s', async (target) => {
    const request = signRequest({ target, headers: { 'x-amz-meta-a': 'b   c' } });
    await expect(verify(request)).resolves.toMatchObject({ caller: testCaller });
  });

  it('accepts a path that was signed with more escapes than it was sent with', async () => {
    const signed = signRequest({ target: '/photos/a%28b%29%40c' });
    await expect(verify({ ...signed, target: '/photos/a(b)@c' })).resolves.toBeDefined();
  });

  it('takes the Date header where x-amz-date is missing', async () => {
    const timeMs = Math.floor(Date.now() / 1000) * 1000;
    const timestamp = renderAmzDate(timeMs);
    const scope = { date: timestamp.slice(0, 8), region: 'us-east-1' };
    const request: SignedHttpRequest = {
      method: 'GET',
      target: '/photos',
      headers: {
        date: new Date(timeMs).toUTCString(),
        host: testHost,
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      },
    };
    const { target, headers, method } = received(request);
    const signedHeaders = Object.keys(request.headers);
    const canonical = canonicalRequest({
      method,
      path: target.path,
      query: target.query.all(),
      headers,
      signedHeaders,
      payloadHash: 'UNSIGNED-PAYLOAD',
    });
    const signature = hmacSha256(
      deriveSigningKey(testKey.secretAccessKey, scope),
      stringToSign(timestamp, scope, canonical),
    ).toString('hex');
    request.headers.authorization = `AWS4-HMAC-SHA256 Credential=${testKey.accessKeyId}/${renderScope(scope)},SignedHeaders=${signedHeaders.join(';')},Signature=${signature}`;
    await expect(verify(request)).resolves.toMatchObject({ signing: { timestamp } });
  });

  it.each<[string, RequestToSign, (request: SignedHttpRequest) => SignedHttpRequest, string]>([
    [
      'another method',
      { target: '/photos/a' },
      (r) => ({ ...r, method: 'DELETE' }),
      'SignatureDoesNotMatch',
    ],
    [
      'another key',
      { target: '/photos/a' },
      (r) => ({ ...r, target: '/photos/b' }),
      'SignatureDoesNotMatch',
    ],
    [
      'an added parameter',
      { target: '/photos' },
      (r) => ({ ...r, target: '/photos?acl' }),
      'SignatureDoesNotMatch',
    ],
    [
      'another payload hash',
      { target: '/photos' },
      (r) => ({ ...r, headers: { ...r.headers, 'x-amz-content-sha256': 'a'.repeat(64) } }),
      'SignatureDoesNotMatch',
    ],
    [
      'a header that changed',
      { target: '/photos', headers: { 'x-amz-meta-a': 'b' } },
      (r) => ({ ...r, headers: { ...r.headers, 'x-amz-meta-a': 'c' } }),
      'SignatureDoesNotMatch',
    ],
    [
      'an unsigned x-amz-* header',
      { target: '/photos' },
      (r) => ({ ...r, headers: { ...r.headers, 'x-amz-acl': 'private' } }),
      'AccessDenied',
    ],
    [
      'a session token',
      { target: '/photos', headers: { 'x-amz-security-token': 'a' } },
      (r) => r,
      'InvalidToken',
    ],
    [
      'an unknown access key',
      { target: '/photos', key: { accessKeyId: 'NOBODY', secretAccessKey: 'x' } },
      (r) => r,
      'InvalidAccessKeyId',
    ],
    [
      'a wrong secret',
      { target: '/photos', key: { ...testKey, secretAccessKey: 'x' } },
      (r) => r,
      'SignatureDoesNotMatch',
    ],
    [
      'another service',
      { target: '/photos', service: 'sts' },
      (r) => r,
      'AuthorizationHeaderMalformed',
    ],
  ])('refuses %s', async (_what, toSign, tamper, code) => {
    const request = signRequest({
      ...toSign,
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...toSign.headers },
    });
    expect(await refusal(tamper(request))).toMatchObject({ code });
  });

  it('names the right region, for clients that sign again', async () => {
    const request = signRequest({ target: '/photos', region: 'eu-west-1' });
    expect(await refusal(request)).toMatchObject({
      code: 'AuthorizationHeaderMalformed',
      facts: {
        Region: 'us-east-1',
        message:
          "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-east-1'",
      },
    });
  });

  it('tells the difference when the signature is wrong', async () => {
    const request = signRequest({ target: '/photos/a', key: { ...testKey, secretAccessKey: 'x' } });
    const { facts } = await refusal(request);
    expect(facts.AWSAccessKeyId).toBe(testKey.accessKeyId);
    expect(facts.CanonicalRequest).toMatch(/^GET\n\/photos\/a\n\n/);
    expect(facts.StringToSign).toMatch(/^AWS4-HMAC-SHA256\n/);
    expect(facts.StringToSignBytes).toMatch(/^41 57 53 34 2d/);
    expect(facts.SignatureProvided).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([14, -14])('accepts a clock that is %i minutes off', async (minutes) => {
    const request = signRequest({ target: '/photos' });
    const now = () => Date.now() + minutes * minuteMs;
    await expect(verify(request, { now })).resolves.toBeDefined();
  });

  it.each([16, -16])('refuses a clock that is %i minutes off', async (minutes) => {
    const request = signRequest({ target: '/photos' });
    const now = () => Date.now() + minutes * minuteMs;
    expect(await refusal(request, { now })).toMatchObject({
      code: 'RequestTimeTooSkewed',
      facts: {
        RequestTime: expect.stringMatching(/^\d{8}T\d{6}Z$/),
        ServerTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        MaxAllowedSkewMilliseconds: 900_000,
      },
    });
  });

  it.each([
    ['AWS AKID:signature', 'InvalidRequest'],
    ['Basic dXNlcjpwYXNz', 'InvalidArgument'],
    ['AWS4-ECDSA-P256-SHA256 Credential=a', 'NotImplemented'],
    ['AWS4-HMAC-SHA256', 'AuthorizationHeaderMalformed'],
    [
      'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=a',
      'AuthorizationHeaderMalformed',
    ],
    [
      'AWS4-HMAC-SHA256 Credential=a/20200101/us-east-1/s3/aws4_request, Signature=a',
      'AuthorizationHeaderMalformed',
    ],
    [
      'AWS4-HMAC-SHA256 Credential=a/20200101/us-east-1/s3/aws4_request, SignedHeaders=host',
      'AuthorizationHeaderMalformed',
    ],
  ])('answers %s with %s', async (authorization, code) => {
    const request = { method: 'GET', target: '/', headers: { Authorization: authorization } };
    expect(await refusal(request)).toMatchObject({ code });
  });

  it('never repeats the password of a wrong scheme', async () => {
    const headers = { Authorization: 'Basic dXNlcjpwYXNz' };
    const { facts } = await refusal({ method: 'GET', target: '/', headers });
    expect(JSON.stringify(facts)).not.toContain('dXNlcjpwYXNz');
  });

  it.each(['Bad date', '', '20200230T000000Z', '9500707T215304Z'])(
    'refuses the date %j',
    async (date) => {
      const request = signRequest({ target: '/photos' });
      const headers = { ...request.headers, 'X-Amz-Date': date };
      expect(await refusal({ ...request, headers })).toMatchObject({ code: 'AccessDenied' });
    },
  );
});

describe('authenticate with a presigned query', () => {
  it.each(targets)('accepts what aws4 signed: %s', async (target) => {
    const request = signRequest({ target, signQuery: true });
    await expect(verify(request)).resolves.toMatchObject({ payload: { kind: 'unsigned' } });
  });

  it.each<[string, Record<string, string | null>, string, RegExp]>([
    ['no signature', { 'X-Amz-Signature': null }, 'AuthorizationQueryParametersError', /requires/],
    ['no date', { 'X-Amz-Date': null }, 'AuthorizationQueryParametersError', /requires/],
    ['no expiry', { 'X-Amz-Expires': null }, 'AuthorizationQueryParametersError', /requires/],
    ['an empty expiry', { 'X-Amz-Expires': '' }, 'AuthorizationQueryParametersError', /requires/],
    [
      'an expiry of words',
      { 'X-Amz-Expires': 'soon' },
      'AuthorizationQueryParametersError',
      /number/,
    ],
    [
      'a negative expiry',
      { 'X-Amz-Expires': '-1' },
      'AuthorizationQueryParametersError',
      /non-negative/,
    ],
    ['a long expiry', { 'X-Amz-Expires': '604801' }, 'AuthorizationQueryParametersError', /604800/],
    ['a bad date', { 'X-Amz-Date': '2020' }, 'AuthorizationQueryParametersError', /ISO8601/],
    [
      'a bad credential',
      { 'X-Amz-Credential': 'a/b' },
      'AuthorizationQueryParametersError',
      /mal-formed/,
    ],
    [
      'another algorithm',
      { 'X-Amz-Algorithm': 'AWS4' },
      'AuthorizationQueryParametersError',
      /only supports/,
    ],
    ['ECDSA', { 'X-Amz-Algorithm': 'AWS4-ECDSA-P256-SHA256' }, 'NotImplemented', /ECDSA/],
    ['a changed expiry', { 'X-Amz-Expires': '86401' }, 'SignatureDoesNotMatch', /./],
    ['an added parameter', { versionId: 'null' }, 'SignatureDoesNotMatch', /./],
    ['a session token', { 'X-Amz-Security-Token': 'a' }, 'InvalidToken', /./],
  ])('refuses %s', async (_what, changes, code, message) => {
    const request = signRequest({ target: '/photos/a', signQuery: true });
    const url = new URL(`http://h${request.target}`);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    const error = await refusal({ ...request, target: url.pathname + url.search });
    expect(error).toMatchObject({ code });
    expect(error.facts.message ?? code).toMatch(message);
  });

  it('refuses a link after its time, with the facts', async () => {
    const request = signRequest({ target: '/photos/a?X-Amz-Expires=60', signQuery: true });
    const now = () => Date.now() + 62_000;
    expect(await refusal(request, { now })).toMatchObject({
      code: 'AccessDenied',
      facts: {
        message: 'Request has expired',
        'X-Amz-Expires': 60,
        Expires: expect.any(String),
        ServerTime: expect.any(String),
      },
    });
    await expect(verify(request, { now: () => Date.now() + 50_000 })).resolves.toBeDefined();
  });

  it('holds no link to the 15 minutes of signed headers', async () => {
    const request = signRequest({ target: '/photos/a?X-Amz-Expires=604800', signQuery: true });
    const now = () => Date.now() + 6 * 24 * 60 * minuteMs;
    await expect(verify(request, { now })).resolves.toBeDefined();
  });

  it('refuses a link from the future', async () => {
    const request = signRequest({ target: '/photos/a', signQuery: true });
    const now = () => Date.now() - 20 * minuteMs;
    expect(await refusal(request, { now })).toMatchObject({
      code: 'AccessDenied',
      facts: { message: 'Request is not valid yet' },
    });
  });

  it('refuses a link together with an Authorization header', async () => {
    const request = signRequest({ target: '/photos/a', signQuery: true });
    const { headers } = signRequest({ target: '/photos/a' });
    expect(await refusal({ ...request, headers })).toMatchObject({ code: 'InvalidArgument' });
  });

  it('refuses x-amz-* headers that the link did not sign', async () => {
    const request = signRequest({ target: '/photos/a', signQuery: true });
    const headers = { ...request.headers, 'x-amz-acl': 'public-read' };
    expect(await refusal({ ...request, headers })).toMatchObject({
      code: 'AccessDenied',
      facts: { HeadersNotSigned: 'x-amz-acl' },
    });
  });
});

describe('authenticate against the AWS SDK for JavaScript', () => {
  const client = new S3Client({
    endpoint: 'http://localhost:9000',
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: testKey,
  });

  it.each(['cat.jpg', 'a b+c', 'ü/😀', "it's(1)!*", 'x//y', 'a%2Fb'])(
    'accepts its presigned GET of %s',
    async (key) => {
      const command = new GetObjectCommand({ Bucket: 'photos', Key: key });
      const url = new URL(await getSignedUrl(client, command, { expiresIn: 60 }));
      const request = { method: 'GET', target: url.pathname + url.search, headers: {} };
      await expect(verify(request)).resolves.toBeDefined();
    },
  );

  it('accepts a bare + in a path that was signed with %2B', async () => {
    const command = new GetObjectCommand({ Bucket: 'photos', Key: 'a+b' });
    const url = new URL(await getSignedUrl(client, command, { expiresIn: 60 }));
    const target = (url.pathname + url.search).replace('%2B', '+');
    await expect(verify({ method: 'GET', target, headers: {} })).resolves.toBeDefined();
    expect(received({ method: 'GET', target, headers: {} }).target.key).toBe('a+b');
  });

  it('reads the headers that its presigner moved into the query, but no checksum', async () => {
    const command = new PutObjectCommand({
      Bucket: 'photos',
      Key: 'a',
      ACL: 'public-read',
      Metadata: { name: 'ü' },
    });
    const url = new URL(await getSignedUrl(client, command, { expiresIn: 60 }));
    const { headers } = await verify({
      method: 'PUT',
      target: url.pathname + url.search,
      headers: {},
    });
    expect(headers.get('x-amz-acl')).toBe('public-read');
    expect(Buffer.from(headers.get('x-amz-meta-name') ?? '', 'latin1').toString()).toBe('ü');
    expect([...headers.entries()].filter(([name]) => name.includes('checksum'))).toEqual([]);
  });

  it.each([
    'x-amz-meta-a b',
    'x-amz-meta-a:b',
    'x-amz-meta-a\r\nb',
    'x-amz-meta-ä',
    'x-amz-meta-a/',
  ])('refuses %j as the name of such a header, which no answer could carry', async (name) => {
    const target = `/photos/a?${encodeURIComponent(name)}=1`;
    const request = signRequest({ method: 'PUT', target, signQuery: true });
    expect(await refusal(request)).toMatchObject({ code: 'InvalidArgument' });
  });

  it('refuses control characters in such a header', async () => {
    const target = `/photos/a?x-amz-meta-a=${encodeURIComponent('b\r\nSet-Cookie: c')}`;
    const request = signRequest({ method: 'PUT', target, signQuery: true });
    expect(await refusal(request)).toMatchObject({ code: 'InvalidArgument' });
  });
});

describe('authenticate', () => {
  it.each([
    ['UNSIGNED-PAYLOAD', { kind: 'unsigned' }],
    ['A'.repeat(64), { kind: 'sha256', sha256Hex: 'a'.repeat(64) }],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { kind: 'chunked', isSigned: true, hasTrailer: false }],
    [
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      { kind: 'chunked', isSigned: true, hasTrailer: true },
    ],
    ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { kind: 'chunked', isSigned: false, hasTrailer: true }],
  ])('reads the payload %s', async (value, payload) => {
    const request = signRequest({ target: '/photos', headers: { 'x-amz-content-sha256': value } });
    await expect(verify(request)).resolves.toMatchObject({ payload });
  });

  it.each([
    ['constructor', 'InvalidArgument'],
    ['a'.repeat(63), 'InvalidArgument'],
    ['STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD', 'NotImplemented'],
  ])('refuses the payload %s', async (value, code) => {
    const request = signRequest({ target: '/photos', headers: { 'x-amz-content-sha256': value } });
    expect(await refusal(request)).toMatchObject({ code });
  });

  it('hands on what chunk signatures continue from', async () => {
    const request = signRequest({ target: '/photos' });
    const { signing } = await verify(request);
    expect(request.headers.Authorization).toContain(`Signature=${signing?.seedSignature}`);
    expect(signing?.timestamp.slice(0, 8)).toBe(signing?.scope.date);
    expect(renderAmzDate(Date.now()).slice(0, 8)).toBe(signing?.scope.date);
  });
});
