import { describe, expect, it } from 'vitest';
import { ReceivedHeaders } from '../../../../src/http/request-headers.ts';
import {
  canonicalRequest,
  deriveSigningKey,
  hmacSha256,
  SigningKeyCache,
  signaturesEqual,
  stringToSign,
} from '../../../../src/s3/auth/signature-v4.ts';
import { parseTarget } from '../../../../src/s3/request.ts';

const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const scope = { date: '20130524', region: 'us-east-1' };
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function canonical(line: string, rawHeaders: string[], payloadHash = emptyHash): string {
  const [method = '', target = ''] = line.split(' ');
  const { path, query } = parseTarget(target, null, []);
  const headers = ReceivedHeaders.parse(rawHeaders);
  const signedHeaders = [...headers.entries()].map(([name]) => name).sort();
  return canonicalRequest({
    method,
    path,
    query: query.all(),
    headers,
    signedHeaders,
    payloadHash,
  });
}

function sign(line: string, rawHeaders: string[], payloadHash = emptyHash): string {
  const toSign = stringToSign('20130524T000000Z', scope, canonical(line, rawHeaders, payloadHash));
  return hmacSha256(deriveSigningKey(secret, scope), toSign).toString('hex');
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Examples"
describe("AWS's documented examples", () => {
  const host = ['Host', 'examplebucket.s3.amazonaws.com', 'x-amz-date', '20130524T000000Z'];

  it.each([
    [
      'GET /test.txt',
      [...host, 'Range', 'bytes=0-9', 'x-amz-content-sha256', emptyHash],
      emptyHash,
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT /test%24file.text',
      [
        ...['Host', 'examplebucket.s3.amazonaws.com', 'Date', 'Fri, 24 May 2013 00:00:00 GMT'],
        ...['x-amz-date', '20130524T000000Z', 'x-amz-storage-class', 'REDUCED_REDUNDANCY'],
        'x-amz-content-sha256',
        '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      ],
      '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET /?lifecycle',
      [...host, 'x-amz-content-sha256', emptyHash],
      emptyHash,
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET /?max-keys=2&prefix=J',
      [...host, 'x-amz-content-sha256', emptyHash],
      emptyHash,
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('%s', (line, rawHeaders, payloadHash, signature) => {
    expect(sign(line, rawHeaders, payloadHash)).toBe(signature);
  });
});

describe('canonicalRequest', () => {
  it('leaves the path as received', () => {
    expect(canonical('GET /b/a%2fb//../%7E+(1)', ['Host', 'h']).split('\n')[1]).toBe(
      '/b/a%2fb//../%7E+(1)',
    );
  });

  it.each([
    ['sorts by name, then value', 'b=2&a=2&a=1&B=0', 'B=0&a=1&a=2&b=2'],
    ['sorts encoded names as bytes', 'a-b=1&a=1&a%2B=1', 'a=1&a%2B=1&a-b=1'],
    ['encodes as UriEncode does', "p=(a*b)!'~%7e", 'p=%28a%2Ab%29%21%27~~'],
    ['takes + for a space', 'p=a+b%2Bc', 'p=a%20b%2Bc'],
    ['writes escapes in upper case', 'p=%f0%9f%98%80%2f', 'p=%F0%9F%98%80%2F'],
    ['gives bare names an empty value', 'acl', 'acl='],
    ['leaves the signature out', 'X-Amz-Signature=1&a=2', 'a=2'],
  ])('%s', (_what, query, expected) => {
    expect(canonical(`GET /b?${query}`, ['Host', 'h']).split('\n')[2]).toBe(expected);
  });

  it('trims header values, joins repetitions and collapses runs of spaces', () => {
    const request = canonical('GET /', ['X-Amz-Meta-A', '  a   b', 'x-amz-meta-a', 'c  ']);
    expect(request.split('\n')[3]).toBe('x-amz-meta-a:a b,c');
  });

  it('keeps every byte of UTF-8, 0xA0 included', () => {
    const value = Buffer.from('à  à', 'utf8').toString('latin1');
    const line = canonical('GET /', ['X-Amz-Meta-A', value]).split('\n')[3] ?? '';
    expect(Buffer.from(line, 'latin1').toString('utf8')).toBe('x-amz-meta-a:à à');
  });
});

describe('SigningKeyCache', () => {
  it('does not verify with the key of a replaced secret', () => {
    const cache = new SigningKeyCache();
    const before = cache.get('A', 'old', scope);
    expect(cache.get('A', 'old', scope)).toBe(before);
    expect(cache.get('A', 'new', scope)).toEqual(deriveSigningKey('new', scope));
    expect(cache.get('A', 'old', scope)).toEqual(before);
  });

  it('gives every key its own entry, also after thousands', () => {
    const cache = new SigningKeyCache();
    for (let index = 0; index < 2500; index += 1) cache.get(`A${index}`, `s${index}`, scope);
    expect(cache.get('A1', 's1', scope)).toEqual(deriveSigningKey('s1', scope));
  });
});

describe('signaturesEqual', () => {
  it.each([
    ['abcd', 'abcd', true],
    ['abcd', 'abce', false],
    ['abcd', 'abc', false],
    ['abcd', '', false],
    ['abcd', 'ABCD', false],
  ])('%s, %s: %s', (expected, provided, equal) => {
    expect(signaturesEqual(expected, provided)).toBe(equal);
  });
});
