import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkToken, fileToken, secretOf } from '../../../../src/files/read/anti-steal.ts';

interface TokenVector {
  readonly fileNameWithoutGroup: string;
  readonly secretKey: string;
  readonly timestamp: number;
  readonly token: string;
}

const vectorsUrl = new URL('../../../fixtures/fastdfs/http-tokens.json', import.meta.url);
const { tokens } = JSON.parse(readFileSync(vectorsUrl, 'utf8')) as {
  readonly tokens: readonly TokenVector[];
};

const secret = 'FastDFS1234567890';
const fileName = 'M00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg';
const signedAtS = 1_700_000_000;
const ttlSeconds = 600;

function judge(
  given: { token?: string | null; ts?: string | null } = {},
  atS = signedAtS,
  name = fileName,
) {
  const { token = fileToken(fileName, secret, BigInt(signedAtS)), ts = String(signedAtS) } = given;
  return checkToken(name, { token, ts }, { secret, ttlSeconds, nowMs: atS * 1000 + 999 });
}

describe('tokens that the stock C function made', () => {
  it.each(tokens)('$fileNameWithoutGroup at $timestamp', (vector) => {
    const { fileNameWithoutGroup: name, secretKey, timestamp, token } = vector;
    expect(fileToken(name, secretKey, BigInt(timestamp))).toBe(token);
    const rules = { secret: secretKey, ttlSeconds, nowMs: timestamp * 1000 };
    expect(checkToken(name, { token, ts: String(timestamp) }, rules)).toBe('valid');
  });

  it.each([
    ['1700000000', 'a4ffa6362ad61251c092a2a42053d9c0'],
    ['0', '1e9ade7640e6bfb84bc54f96856e9fc7'],
    ['4102444800', '60a24135068d3d2377019ebe3421498a'],
  ])('ts=%s', (ts, token) => {
    expect(judge({ ts, token })).toBe('valid');
  });
});

describe('time', () => {
  it('counts to the end of the last second', () => {
    expect(judge({}, signedAtS + ttlSeconds)).toBe('valid');
    expect(judge({}, signedAtS + ttlSeconds + 1)).toBe('expired');
  });

  it('may be to come', () => {
    expect(judge({}, signedAtS - 1_000_000)).toBe('valid');
  });

  it('0 is for ever', () => {
    expect(judge({ ts: '0', token: fileToken(fileName, secret, 0n) }, 9_999_999_999)).toBe('valid');
  });

  it('has 64 bits', () => {
    const ts = 9_223_372_036_854_775_807n;
    expect(judge({ ts: String(ts), token: fileToken(fileName, secret, ts) })).toBe('valid');
  });

  it('that the C library has cut to 32 bits still ends when the link says', () => {
    const given = { ts: '4102444800', token: '60a24135068d3d2377019ebe3421498a' };
    expect(judge(given, 4_102_444_800 + ttlSeconds)).toBe('valid');
    expect(judge(given, 4_102_444_800 + ttlSeconds + 1)).toBe('expired');
  });

  it('is the number that its digits are', () => {
    expect(judge({ ts: `000${signedAtS}` })).toBe('valid');
  });
});

describe('refused', () => {
  const token = fileToken(fileName, secret, BigInt(signedAtS));

  it.each([
    ['no token', { token: null, ts: null }, 'none'],
    ['no time', { ts: null }, 'incomplete'],
    ['a time alone', { token: null }, 'incomplete'],
    ['upper case', { token: token.toUpperCase() }, 'wrong'],
    ['a digit more', { token: `${token}0` }, 'wrong'],
    ['no digit', { token: '' }, 'wrong'],
    ['another time', { ts: String(signedAtS + 1) }, 'wrong'],
    ['no number', { ts: 'abc' }, 'wrong'],
    ['a number and more', { ts: `${signedAtS}x` }, 'wrong'],
    ['a negative time', { ts: '-1' }, 'wrong'],
    ['a signed group', { token: 'eb7f2053f0cb2e9cedd43535f5c56af3' }, 'wrong'],
  ])('%s', (_name, given, verdict) => {
    expect(judge(given)).toBe(verdict);
  });

  it('the token of another file, of its slave too', () => {
    expect(judge({}, signedAtS, fileName.replace('.jpg', '_150x150.jpg'))).toBe('wrong');
  });
});

it('a group may have a secret of its own', () => {
  const rules = {
    ...{
      secret: 'all',
      groupSecrets: new Map([['group2', 'own']]),
      ttlSeconds,
      bypass: null,
      hasSubstitute: false,
    },
  };
  expect(secretOf(rules, 'group1')).toBe('all');
  expect(secretOf(rules, 'group2')).toBe('own');
  expect(secretOf({ ...rules, secret: null }, 'group1')).toBeNull();
});
