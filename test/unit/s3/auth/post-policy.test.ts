import { describe, expect, it } from 'vitest';
import {
  checkPostPolicy,
  fileSizeRange,
  parsePostPolicy,
} from '../../../../src/s3/auth/post-policy.ts';
import { encodePolicy } from '../../../support/post-policy.ts';

const expiration = '2030-01-01T12:00:00Z';
const nowMs = Date.UTC(2029, 0, 1);
const encode = (document: unknown) =>
  Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)).toString(
    'base64',
  );

const check = (conditions: unknown, fields: Readonly<Record<string, string>>, now = nowMs) =>
  checkPostPolicy(
    parsePostPolicy(encode({ expiration, conditions })),
    new Map(Object.entries(fields)),
    now,
  );

describe('a policy', () => {
  it.each([
    ['expiration', { conditions: [] }],
    ['expiration', { EXPIRATION: expiration, conditions: [] }],
    ['expiration', { expiration: '2030-01-01', conditions: [] }],
    ['expiration', { expiration: '2030-13-01T12:00:00Z', conditions: [] }],
    ['expiration', { expiration: 1_900_000_000, conditions: [] }],
    ['conditions', { expiration }],
    ['conditions', { expiration, CONDITIONS: [] }],
    ['list', { expiration, conditions: {} }],
    ['JSON', 'no json'],
    ['JSON', '[]'],
    ['JSON', 'null'],
    ['JSON', Buffer.of(0x22, 0xff, 0x22).toString('latin1')],
    ['exactly one', { expiration, conditions: [{}] }],
    ['exactly one', { expiration, conditions: [{ acl: 'a', key: 'b' }] }],
    ['string', { expiration, conditions: [{ acl: 1 }] }],
    ['object or a list', { expiration, conditions: ['acl'] }],
    ['object or a list', { expiration, conditions: [null] }],
    ['3 elements', { expiration, conditions: [[]] }],
    ['3 elements', { expiration, conditions: [['content-length-range', 0]] }],
    ['whole numbers', { expiration, conditions: [['content-length-range', -1, 0]] }],
    ['whole numbers', { expiration, conditions: [['content-length-range', 0, 1.5]] }],
    ['whole numbers', { expiration, conditions: [['content-length-range', 0, 'x']] }],
    ['unknown operation', { expiration, conditions: [['ends-with', '$key', 'x']] }],
    ['$name', { expiration, conditions: [['eq', 'key', 'x']] }],
    ['$name', { expiration, conditions: [['eq', '$key', 1]] }],
  ])('that lacks its %s is InvalidPolicyDocument: %j', (problem, document) => {
    expect(() => parsePostPolicy(encode(document))).toThrow(
      expect.objectContaining({
        code: 'InvalidPolicyDocument',
        message: expect.stringContaining(problem),
      }),
    );
  });

  it('holds until it expires', () => {
    expect(() => check([], {}, Date.parse(expiration) - 1)).not.toThrow();
    expect(() => check([], {}, Date.parse(expiration))).toThrow('Policy expired.');
    expect(parsePostPolicy(encodePolicy([], 1_900_000_000_123)).expiresAtMs).toBe(
      1_900_000_000_123,
    );
  });

  it.each<[unknown, Record<string, string>]>([
    [{ key: 'a' }, { key: 'a' }],
    [{ KEY: 'a' }, { key: 'a' }],
    [['eq', '$key', 'a'], { key: 'a' }],
    [['starts-with', '$key', 'a/'], { key: 'a/b' }],
    [['starts-with', '$key', ''], { key: '' }],
    [['STARTS-WITH', '$Key', '\\$a'], { key: '\\$a.txt' }],
    [['starts-with', '$Content-Type', 'image/'], { 'content-type': 'image/png, image/gif' }],
    [['content-length-range', 1, 2], {}],
  ])('%j holds for %j', (condition, fields) => {
    expect(() => check([condition], fields)).not.toThrow();
  });

  it.each<[unknown, Record<string, string>]>([
    [{ key: 'a' }, { key: 'A' }],
    [{ key: 'a' }, {}],
    [['starts-with', '$key', ''], {}],
    [['starts-with', '$key', 'a/'], { key: 'b' }],
    [['starts-with', '$Content-Type', 'image/'], { 'content-type': 'image/png,text/html' }],
  ])('%j does not hold for %j', (condition, fields) => {
    expect(() => check([condition], fields)).toThrow('Policy Condition failed: [');
  });

  it('must name every field but those that it cannot', () => {
    const exempt = {
      policy: 'p',
      signature: 's',
      awsaccesskeyid: 'k',
      'x-amz-signature': 's',
      'x-ignore-me': '1',
      'x-amz-checksum-crc32': 'c',
    };
    expect(() => check([], exempt)).not.toThrow();
    expect(() => check([], { ...exempt, acl: 'private', bucket: 'b' })).toThrow(
      'Extra input fields: acl, bucket',
    );
    expect(() => check([], { 'x-amz-credential': 'c' })).toThrow('Extra input fields');
  });

  it('bounds the size by all its ranges', () => {
    const range = (...ranges: unknown[]) =>
      fileSizeRange(parsePostPolicy(encode({ expiration, conditions: ranges })));
    expect(range()).toEqual({ min: 0, max: Number.POSITIVE_INFINITY });
    expect(range(['Content-Length-Range', 1, '10'])).toEqual({ min: 1, max: 10 });
    expect(range(['content-length-range', 1, 10], ['content-length-range', 5, 20])).toEqual({
      min: 5,
      max: 10,
    });
  });
});
