import { describe, expect, it } from 'vitest';
import { ReceivedHeaders } from '../../../../src/http/request-headers.ts';
import { authenticate } from '../../../../src/s3/auth/authenticate.ts';
import { signatureV2 } from '../../../../src/s3/auth/signature-v2.ts';
import { SigningKeyCache } from '../../../../src/s3/auth/signature-v4.ts';
import { parseTarget } from '../../../../src/s3/request.ts';
import { testCaller } from '../../../support/s3-server.ts';

const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const key = `AWSAccessKeyId=${accessKeyId}`;

interface LinkRequest {
  readonly method?: string;
  readonly target: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly nowMs?: number;
  readonly acceptsLinks?: boolean;
}

/** 1,700,000,000 is 15 minutes before the links below expire. */
function verify({
  method = 'GET',
  target,
  host = 'localhost:9000',
  headers = {},
  nowMs = 1.7e12,
  acceptsLinks = true,
}: LinkRequest) {
  return authenticate(
    {
      method,
      target: parseTarget(target, host, ['s3.test', 's3.amazonaws.com']),
      headers: ReceivedHeaders.parse(Object.entries({ host, ...headers }).flat()),
    },
    {
      region: 'us-east-1',
      now: () => nowMs,
      signingKeys: new SigningKeyCache(),
      acceptsSignatureV2: acceptsLinks,
      findCredentials: async (id) =>
        id === accessKeyId ? { secretAccessKey, caller: testCaller } : null,
    },
  );
}

const refusal = (request: LinkRequest) =>
  verify(request).then(
    () => ({ code: 'accepted' }),
    (error) => error,
  );

// Made by botocore 1.43, the library of aws-cli and boto3.
const getLink = `/photos/a%20b%2Bc/%281%29%E7%85%A7.jpg?response-content-type=text%2Fx%20a&response-content-disposition=inline&${key}&Signature=7B16VDExv93CFh3gFw90aSsUdqM%3D&Expires=1700000900`;
const putLink = `/photos/up?${key}&Signature=NXLziftPS4WkP77e6y9WejgH6XA%3D&content-type=text%2Fplain&x-amz-meta-a=1&Expires=1700000900`;
const partLink = `/photos/up?uploadId=u%2F1&partNumber=2&${key}&Signature=u%2BAKv8uXQKXi1X0%2BHQTVkhjKC4Y%3D&Expires=1700000900`;
const hostLink = `/a/b?${key}&Signature=IbyWTRdpxCjQXHPE4h0Aagel6PM%3D&Expires=1700000900`;

describe('a link of signature version 2', () => {
  it.each<[string, LinkRequest]>([
    ['that downloads', { target: getLink }],
    ['that uploads', { method: 'PUT', target: putLink }],
    ['that uploads a part', { method: 'PUT', target: partLink }],
    ['for a virtual host', { target: hostLink, host: 'photos.s3.test:9000' }],
    [
      // https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
      "of AWS's documentation",
      {
        target: `/photos/puppy.jpg?${key}&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620`,
        host: 'johnsmith.s3.amazonaws.com',
        nowMs: 1_175_139_620_000,
      },
    ],
  ])('%s is accepted', async (_, request) => {
    await expect(verify(request)).resolves.toMatchObject({
      caller: testCaller,
      payload: { kind: 'unsigned' },
      signing: null,
    });
  });

  it('is refused where such links are switched off', async () => {
    expect(await refusal({ target: getLink, acceptsLinks: false })).toMatchObject({
      code: 'InvalidRequest',
    });
  });

  it('means the headers that were moved into it', async () => {
    const { headers } = await verify({ method: 'PUT', target: putLink });
    expect([headers.get('content-type'), headers.get('x-amz-meta-a')]).toEqual(['text/plain', '1']);
  });

  it.each<[string, LinkRequest]>([
    ['another method', { method: 'DELETE', target: getLink }],
    ['another key', { target: getLink.replace('/photos/a', '/photos/b') }],
    ['another subresource', { target: `${getLink}&acl` }],
    ['a subresource that is not AWS’s', { target: `${getLink}&append` }],
    ['another response header', { target: getLink.replace('inline', 'attachment') }],
    ['one more x-amz header', { target: getLink, headers: { 'x-amz-copy-source': '/a/b' } }],
    [
      'a moved header that is overridden',
      { method: 'PUT', target: putLink, headers: { 'content-type': 'text/html' } },
    ],
    ['a later expiry', { target: getLink.replace('1700000900', '1700009999') }],
    [
      'the bucket of the host as part of the key',
      { target: hostLink.replace('/a/b', '/photos/a/b'), host: 'photos.s3.test' },
    ],
  ])('is refused for %s', async (_, request) => {
    expect(await refusal(request)).toMatchObject({ code: 'SignatureDoesNotMatch' });
  });

  it('is refused after it has expired', async () => {
    expect(await refusal({ target: getLink, nowMs: 1_700_000_901_000 })).toMatchObject({
      code: 'AccessDenied',
      facts: { message: 'Request has expired' },
    });
  });

  it.each(['', '&Expires=', '&Expires=never', '&Expires=-1'])(
    'is refused with the expiry %j',
    async (expires) => {
      const target = `/photos/a?${key}&Signature=x${expires}`;
      expect(await refusal({ target })).toMatchObject({ code: 'AccessDenied' });
    },
  );

  it('is refused for an access key that does not exist', async () => {
    const target = '/photos/a?AWSAccessKeyId=nobody&Signature=x&Expires=1700000900';
    expect(await refusal({ target })).toMatchObject({ code: 'InvalidAccessKeyId' });
  });

  it('never stands beside a signature of version 4', async () => {
    const headers = { authorization: 'AWS4-HMAC-SHA256 nonsense' };
    expect(await refusal({ target: getLink, headers })).toMatchObject({
      code: 'AuthorizationHeaderMalformed',
    });
  });
});

/** Requests of AWS's documentation, with the signatures that it gives for the first four. */
const documented: readonly [string, LinkRequest][] = [
  [
    'GET',
    {
      target: '/photos/puppy.jpg',
      host: 'awsexamplebucket1.s3.amazonaws.com',
      headers: {
        date: 'Tue, 27 Mar 2007 19:36:42 +0000',
        authorization: 'AWS AKIAIOSFODNN7EXAMPLE:qgk2+6Sv9/oM7G3qLEjTH1a1l1g=',
      },
    },
  ],
  [
    'PUT',
    {
      method: 'PUT',
      target: '/photos/puppy.jpg',
      host: 'awsexamplebucket1.s3.amazonaws.com',
      headers: {
        'content-type': 'image/jpeg',
        'content-length': '94328',
        date: 'Tue, 27 Mar 2007 21:15:45 +0000',
        authorization: 'AWS AKIAIOSFODNN7EXAMPLE:iqRzw+ileNPu1fhspnRs8nOjjIA=',
      },
    },
  ],
  [
    'list',
    {
      target: '/?prefix=photos&max-keys=50&marker=puppy',
      host: 'awsexamplebucket1.s3.amazonaws.com',
      headers: {
        date: 'Tue, 27 Mar 2007 19:42:41 +0000',
        authorization: 'AWS AKIAIOSFODNN7EXAMPLE:m0WP8eCtspQl5Ahe6L1SozdX9YA=',
      },
    },
  ],
  [
    'subresource',
    {
      target: '/?acl',
      host: 'awsexamplebucket1.s3.amazonaws.com',
      headers: {
        date: 'Tue, 27 Mar 2007 19:44:46 +0000',
        authorization: 'AWS AKIAIOSFODNN7EXAMPLE:82ZHiFIjc+WbcwFKGUVEQspPn+0=',
      },
    },
  ],
  [
    'DELETE with x-amz-date',
    {
      method: 'DELETE',
      target: '/awsexamplebucket1/photos/puppy.jpg',
      host: 's3.us-west-1.amazonaws.com',
      headers: {
        date: 'Tue, 27 Mar 2007 21:20:27 +0000',
        'x-amz-date': 'Tue, 27 Mar 2007 21:20:26 +0000',
        authorization: 'AWS AKIAIOSFODNN7EXAMPLE:Ri1hpB1zpS9pGqR7y8kuNFCl4sE=',
      },
    },
  ],
  [
    'bucket with a slash behind, as botocore signs it',
    {
      target: '/photos?max-keys=1',
      headers: {
        date: 'Tue, 27 Mar 2007 19:36:42 +0000',
        authorization: 'AWS AKIAIOSFODNN7EXAMPLE:KyH24Skribvn5H/fZQZK6pIfTMA=',
      },
    },
  ],
];
const documentedMs = Date.UTC(2007, 2, 27, 20, 28);

describe('a header of signature version 2', () => {
  it.each(documented)('is accepted for a %s', async (_, request) => {
    const skewed = request.headers?.date?.includes('21:') ? 60 * 60_000 : -45 * 60_000;
    await expect(verify({ ...request, nowMs: documentedMs + skewed })).resolves.toMatchObject({
      caller: testCaller,
      payload: { kind: 'unsigned' },
      signing: null,
    });
  });

  const [[, get] = ['', { target: '' }]] = documented;
  const nowMs = documentedMs - 45 * 60_000;
  it.each<[string, LinkRequest, string]>([
    ['that is switched off', { ...get, nowMs, acceptsLinks: false }, 'InvalidRequest'],
    ['a day later', { ...get, nowMs: nowMs + 86_400_000 }, 'RequestTimeTooSkewed'],
    ['for another key', { ...get, nowMs, target: '/photos/kitten.jpg' }, 'SignatureDoesNotMatch'],
    [
      'for another bucket',
      { ...get, nowMs, host: 'other.s3.amazonaws.com' },
      'SignatureDoesNotMatch',
    ],
    [
      'with one more x-amz header',
      { ...get, nowMs, headers: { ...get.headers, 'x-amz-acl': 'public-read' } },
      'SignatureDoesNotMatch',
    ],
    [
      'without a date',
      { target: '/', nowMs, headers: { authorization: 'AWS AKIAIOSFODNN7EXAMPLE:x' } },
      'AccessDenied',
    ],
    [
      'of a key that does not exist',
      { ...get, nowMs, headers: { ...get.headers, authorization: 'AWS nobody:x' } },
      'InvalidAccessKeyId',
    ],
    [
      'with a session token',
      { ...get, nowMs, headers: { ...get.headers, 'x-amz-security-token': 'x' } },
      'InvalidToken',
    ],
    ...['AWS', 'AWS x', 'AWS :x', 'AWS x:', 'AWS  :'].map(
      (authorization): [string, LinkRequest, string] => [
        `that is ${authorization}`,
        { ...get, nowMs, headers: { ...get.headers, authorization } },
        'InvalidArgument',
      ],
    ),
  ])('%s is refused', async (_, request, code) => {
    expect(await refusal(request)).toMatchObject({ code });
  });
});

it('signs with HMAC-SHA1 in base64', () => {
  expect(signatureV2(secretAccessKey, 'GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg')).toBe(
    'NpgCjnDzrM+WFzoENXmpNDUsSn8=',
  );
});
