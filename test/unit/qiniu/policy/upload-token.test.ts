import { describe, expect, it } from 'vitest';
import { isSignedWith, parseUploadToken } from '../../../../src/qiniu/policy/upload-token.ts';
import vectors from '../../../fixtures/qiniu/signatures.json' with { type: 'json' };

const { secretKey } = vectors;

function parsed(text: string) {
  const token = parseUploadToken(text);
  if (!token) throw new Error(`no token: ${text}`);
  return token;
}

describe.each(vectors.uploadToken)('the token of $policyJson', ({ token, encodedPolicy }) => {
  it('is signed with the secret key', () => {
    expect(parsed(token)).toMatchObject({ accessKeyId: vectors.accessKey, encodedPolicy });
    expect(isSignedWith(parsed(token), secretKey)).toBe(true);
  });

  it('is not when any one character of its signature is another one', () => {
    const { sign } = parsed(token);
    for (let index = 0; index < sign.length; index += 1) {
      const other = sign[index] === 'A' ? 'B' : 'A';
      const changed = sign.slice(0, index) + other + sign.slice(index + 1);
      expect(isSignedWith({ ...parsed(token), sign: changed }, secretKey)).toBe(false);
    }
  });

  it('is not when the same policy is written otherwise', () => {
    const spaced = Buffer.from(` ${Buffer.from(encodedPolicy, 'base64url')}`).toString('base64url');
    expect(isSignedWith({ ...parsed(token), encodedPolicy: spaced }, secretKey)).toBe(false);
  });
});

it.each(['', 'a', 'a:b', 'a:b:', ':b:c', 'a::c', 'x:a:b:c', `a:b:${'c'.repeat(70_000)}`])(
  '%.20s is no token',
  (text) => {
    expect(parseUploadToken(text)).toBeNull();
  },
);
