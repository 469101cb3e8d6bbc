import { describe, expect, it } from 'vitest';
import { anonymousCaller } from '../../../../../src/core/access/anonymous.ts';
import { allHold, parseConditions } from '../../../../../src/core/access/policy/condition.ts';
import { aBucket, aCaller, aPolicyRequest } from '../../../../support/access-requests.ts';

type RequestParts = Parameters<typeof aPolicyRequest>[0];

function holds(operator: string, key: string, texts: unknown, request: RequestParts = {}): number {
  const conditions = parseConditions({ [operator]: { [key]: texts } }, true);
  return allHold(conditions, aPolicyRequest(request));
}

const agent = (value: string): RequestParts => ({ headers: { 'user-agent': value } });
const ua = 'aws:UserAgent';

describe('operators on one value', () => {
  it.each([
    ['StringEquals', ['curl', 'wget'], 'wget', 'Wget'],
    ['StringEquals', ['c*l'], 'c*l', 'curl'],
    ['StringEqualsIgnoreCase', ['CURL'], 'curl', 'curls'],
    ['StringLike', ['c?rl/*'], 'curl/8', 'crl/8'],
    ['StringLike', ['*a*b*c'], 'xxabxbcc', 'abcx'],
    ['StringLike', ['?'], '😀', '😀😀'],
    ['NumericEquals', ['10'], '10.0', '11'],
    ['NumericLessThan', [10], '9.5', '10'],
    ['NumericLessThanEquals', ['10'], '10', '10.1'],
    ['NumericGreaterThan', ['-1'], '0', '-1'],
    ['NumericGreaterThanEquals', ['10'], '10', 'ten'],
    ['DateEquals', ['2026-01-02T00:00:00Z'], '1767312000', '1767312001'],
    ['DateLessThan', ['2026-01-02T00:00Z'], '2026-01-01T23:59:59Z', '2026-01-02T00:00:00Z'],
    ['DateLessThanEquals', ['2026-01-02'], '2026-01-02T00:00:00Z', '2026-01-02T00:00:01Z'],
    ['DateGreaterThan', ['2026-01-02T01:00:00+01:00'], '2026-01-02T00:00:01Z', '2026-01-02'],
    ['DateGreaterThanEquals', ['2026-01-02'], '2026-01-02', 'yesterday'],
    ['Bool', ['true'], 'TRUE', 'false'],
    ['BinaryEquals', ['Y3VybA=='], 'curl', 'Y3VybA=='],
    ['IpAddress', ['10.0.0.0/8'], '10.255.0.1', '11.0.0.1'],
    ['IpAddress', ['10.0.0.1'], '10.0.0.1', '10.0.0.2'],
    ['IpAddress', ['10.0.0.0/8'], '::ffff:10.1.1.1', '::10.1.1.1'],
    ['IpAddress', ['2001:db8::/33'], '2001:db8:7fff::1', '2001:db8:8000::1'],
    ['IpAddress', ['0.0.0.0/0'], '8.8.8.8', '2001:db8::1'],
    [
      'ArnEquals',
      ['arn:aws:iam::*:user/b*'],
      'arn:aws:iam::1:user/bob',
      'arn:aws:iam:x:1:user/bob',
    ],
    ['ArnLike', ['arn:aws:iam::1:user/?*'], 'arn:aws:iam::1:user/a:b', 'bob'],
  ])('%s %j: %j fits, %j does not', (operator, texts, good, bad) => {
    expect([
      holds(operator, ua, texts, agent(good)),
      holds(operator, ua, texts, agent(bad)),
    ]).toEqual([2, 0]);
  });

  it.each(['String', 'StringLike', 'Numeric', 'Date', 'Arn', 'ArnLike', 'Ip'])(
    '%s has an opposite',
    (kind) => {
      const names: Readonly<Record<string, readonly [string, string]>> = {
        String: ['StringNotEquals', 'a'],
        StringLike: ['StringNotLike', 'a*'],
        Numeric: ['NumericNotEquals', '1'],
        Date: ['DateNotEquals', '2026-01-01'],
        Arn: ['ArnNotEquals', 'arn:a:b:c:d:e'],
        ArnLike: ['ArnNotLike', 'arn:a:b:c:d:*'],
        Ip: ['NotIpAddress', '10.0.0.1'],
      };
      const [operator = '', text = ''] = names[kind] ?? [];
      expect(holds(operator, ua, [text], agent(text))).toBe(0);
      expect(holds(operator, ua, [text], agent('other'))).toBe(2);
      expect(holds(operator, ua, [text])).toBe(2);
      expect(holds(`${operator}IfExists`, ua, [text], agent(text))).toBe(0);
    },
  );

  it('hold without a value only with IfExists', () => {
    expect(holds('StringEquals', ua, 'x')).toBe(0);
    expect(holds('StringEqualsIfExists', ua, 'x')).toBe(2);
    expect(holds('stringequalsIFEXISTS', ua, 'x', agent('y'))).toBe(0);
    expect(holds('Null', ua, 'true')).toBe(2);
    expect(holds('Null', ua, true, agent('y'))).toBe(0);
    expect(holds('Null', ua, false, agent('y'))).toBe(2);
  });
});

describe('sets of values', () => {
  const tags = (text: string): RequestParts => ({
    ...{ action: 's3:PutObject', headers: { 'x-amz-tagging': text } },
  });
  const keys = 's3:RequestObjectTagKeys';

  it.each([
    ['ForAllValues:StringEquals', ['a', 'b'], 2, 0, 2],
    ['ForAnyValue:StringEquals', ['a', 'x'], 2, 2, 0],
    ['ForAllValues:StringNotEquals', ['x'], 2, 0, 2],
    ['ForAnyValue:StringNotEquals', ['a'], 2, 2, 0],
  ])('%s %j', (operator, texts, ofAb, ofAx, ofNone) => {
    expect(holds(operator, keys, texts, tags('a=1&b=2'))).toBe(ofAb);
    expect(holds(operator, keys, texts, tags('a=1&x=2'))).toBe(ofAx);
    expect(holds(operator, keys, texts)).toBe(ofNone);
  });
});

describe('keys', () => {
  const object = { tags: { access: 'public' } };
  const target = { bucket: aBucket(), key: 'cat.jpg', object: object as never };
  const signed = { authorization: 'AWS4-HMAC-SHA256 x', 'x-amz-date': '20260102T115959Z' };

  it.each<[string, string, RequestParts]>([
    ['aws:CurrentTime', '2026-01-02T12:00:00.000Z', {}],
    ['aws:EpochTime', '1767355200', {}],
    ['aws:Referer', 'http://a', { headers: { referer: 'http://a' } }],
    ['aws:SecureTransport', 'true', { isSecure: true }],
    ['aws:SourceIp', '10.1.2.3', {}],
    ['aws:username', 'bob', {}],
    ['aws:userid', 'id-bob', {}],
    ['aws:userid', 'anonymous', { caller: anonymousCaller }],
    ['aws:PrincipalArn', 'arn:aws:iam::id-bob:user/bob', {}],
    [
      'aws:PrincipalArn',
      'arn:aws:iam::id-root:root',
      { caller: aCaller('root', { isRoot: true }) },
    ],
    ['aws:PrincipalType', 'User', {}],
    ['aws:PrincipalType', 'Anonymous', { caller: anonymousCaller }],
    ['aws:ResourceAccount', 'id-alice', {}],
    ['s3:ResourceAccount', 'id-alice', {}],
    ['s3:prefix', 'a/', { query: { prefix: 'a/' } }],
    ['s3:delimiter', '/', { query: { delimiter: '/' } }],
    ['s3:max-keys', '5', { query: { 'max-keys': '5' } }],
    ['s3:VersionId', 'v1', { query: { versionId: 'v1' } }],
    ['s3:x-amz-acl', 'private', { headers: { 'x-amz-acl': 'private' } }],
    ['s3:x-amz-grant-read', 'id=1', { headers: { 'x-amz-grant-read': 'id=1' } }],
    ['s3:x-amz-copy-source', 'a/b c', { headers: { 'x-amz-copy-source': '/a/b%20c?versionId=1' } }],
    ['s3:x-amz-copy-source', 'a/b?c', { headers: { 'x-amz-copy-source': 'a/b?c?versionId=1' } }],
    ['s3:x-amz-copy-source', 'a/b é', { headers: { 'x-amz-copy-source': 'a/b+\u00c3\u00a9' } }],
    ['s3:x-amz-storage-class', 'STANDARD', { headers: { 'x-amz-storage-class': 'STANDARD' } }],
    ['s3:authType', 'REST-HEADER', { headers: signed }],
    ['s3:authType', 'REST-QUERY-STRING', { query: { 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256' } }],
    ['s3:authType', 'POST', {}],
    ['s3:signatureversion', 'AWS4-HMAC-SHA256', { headers: signed }],
    ['s3:signatureversion', 'AWS', { headers: { authorization: 'AWS x:y' } }],
    ['s3:signatureAge', '1000', { headers: signed }],
    ['s3:signatureAge', '1000', { headers: signed, query: { 'X-Amz-Date': '20260102T120000Z' } }],
    ['s3:TlsVersion', '1.3', { tlsVersion: '1.3' }],
    ['s3:ExistingObjectTag/access', 'public', { target }],
    ['s3:RequestObjectTag/a b', '1', { headers: { 'x-amz-tagging': 'a%20b=1' } }],
    ['s3:object-lock-mode', 'GOVERNANCE', { headers: { 'x-amz-object-lock-mode': 'GOVERNANCE' } }],
    [
      ...(['s3:object-lock-remaining-retention-days', '2'] as const),
      { headers: { 'x-amz-object-lock-retain-until-date': '2026-01-03T13:00:00Z' } },
    ],
    ['s3:if-match', '"x"', { headers: { 'if-match': '"x"' } }],
    ['S3:PREFIX', 'a', { query: { prefix: 'a' } }],
  ])('%s is %j', (key, value, request) => {
    expect(holds('StringEquals', key, value, request)).toBe(2);
    expect(holds('StringEquals', key, `${value}x`, request)).toBe(0);
  });

  it.each(['aws:username', 'aws:PrincipalArn', 's3:authType', 's3:signatureAge'])(
    '%s is not there for who did not sign',
    (key) => expect(holds('Null', key, 'true', { caller: anonymousCaller })).toBe(2),
  );

  it('of tags wait for the object, but not where it is written', () => {
    const unknown = { bucket: aBucket(), key: 'cat.jpg' };
    const key = 's3:ExistingObjectTag/access';
    expect(holds('StringEquals', key, 'public', { target: unknown })).toBe(1);
    expect(holds('Null', key, 'true', { target: unknown })).toBe(1);
    expect(holds('Null', key, 'true', { target: unknown, action: 's3:PutObject' })).toBe(2);
    expect(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable.
      holds('StringEquals', ua, '${s3:ExistingObjectTag/access}', {
        target: unknown,
        ...agent('public'),
      }),
    ).toBe(1);
  });

  it('may be told by the operation instead of the headers', () => {
    const told = { bucket: aBucket(), conditions: { 's3:prefix': ['told'] } };
    expect(
      holds('StringEquals', 's3:prefix', 'told', { target: told, query: { prefix: 'x' } }),
    ).toBe(2);
  });
});

describe('variables', () => {
  it.each([
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: policy variables.
    ['home/${aws:username}/*', 'home/bob/x', 2],
    ['home/${aws:username}/*', 'home/alice/x', 0],
    ['${aws:Referer}', '', 0],
    ["${aws:Referer, 'none'}", 'none', 2],
    ['${*}${?}${$}', '*?$', 2],
    ['${*}', 'x', 0],
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: policy variables.
  ])('%s and %j: %s', (text, value, outcome) => {
    expect(holds('StringLike', ua, text, agent(value))).toBe(outcome);
  });

  it('bring no wildcards along', () => {
    const caller = aCaller('*');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable.
    expect(holds('StringLike', ua, '${aws:username}', { ...agent('bob'), caller })).toBe(0);
  });
});
