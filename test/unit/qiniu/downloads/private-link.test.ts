import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  isSignedFor,
  originsOf,
  parsePrivateLink,
} from '../../../../src/qiniu/downloads/private-link.ts';

interface Vectors {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly privateUrl: readonly {
    readonly domain: string;
    readonly deadline: number;
    readonly signedString: string;
    readonly url: string;
  }[];
}

const path = new URL('../../../fixtures/qiniu/signatures.json', import.meta.url);
const { accessKey, secretKey, privateUrl } = JSON.parse(readFileSync(path, 'utf8')) as Vectors;

/** As it comes on the wire: SDKs leave some characters alone which `URL` would encode. */
const targetOf = ({ url, domain }: (typeof privateUrl)[number]) => url.slice(domain.length);

describe.each(privateUrl.map((vector) => [vector.url, vector] as const))('%s', (_, vector) => {
  const { deadline, domain, signedString } = vector;

  it('is read as its SDK signed it', () => {
    const link = parsePrivateLink(targetOf(vector));
    expect(link).toMatchObject({ accessKeyId: accessKey, deadlineSeconds: deadline });
    expect(`${domain}${link?.signedTarget}`).toBe(signedString);
  });

  it('is believed for its own host in both schemes, among others', () => {
    const link = parsePrivateLink(targetOf(vector));
    const hosts = ['other.example.com', new URL(domain).host];
    expect(link && isSignedFor(link, secretKey, originsOf(hosts))).toBe(true);
  });

  it('is not believed for other hosts or another secret', () => {
    const link = parsePrivateLink(targetOf(vector));
    expect(link && isSignedFor(link, secretKey, originsOf(['other.example.com']))).toBe(false);
    expect(link && isSignedFor(link, `${secretKey}x`, [domain])).toBe(false);
  });

  it('is not believed when any character before the token was changed', () => {
    const target = targetOf(vector);
    for (let at = 1; at < target.lastIndexOf('&token='); at += 1) {
      const changed = `${target.slice(0, at)}${target[at] === 'x' ? 'y' : 'x'}${target.slice(at + 1)}`;
      const link = parsePrivateLink(changed);
      expect(link && isSignedFor(link, secretKey, [domain])).toBe(false);
    }
  });

  it('is not believed with another signature', () => {
    const target = targetOf(vector);
    const at = target.lastIndexOf(':') + 3;
    const changed = `${target.slice(0, at)}${target[at] === 'x' ? 'y' : 'x'}${target.slice(at + 1)}`;
    const link = parsePrivateLink(changed);
    expect(link && isSignedFor(link, secretKey, [domain])).toBe(false);
  });
});

describe('a target', () => {
  it('without a token is no private link', () => {
    expect(parsePrivateLink('/a?e=1')).toBeNull();
    expect(parsePrivateLink('/token=a:b')).toBeNull();
  });

  it('may have its token encoded, and unsigned parameters behind it', () => {
    expect(parsePrivateLink('/a?e=9&token=AK%3Ac2lnbg%3D%3D&e=99999&v=1')).toEqual({
      accessKeyId: 'AK',
      signature: 'c2lnbg==',
      signedTarget: '/a?e=9',
      deadlineSeconds: 9,
    });
  });

  it('is valid until the last deadline that was signed', () => {
    expect(parsePrivateLink('/a?e=1&e=2&token=AK:s')?.deadlineSeconds).toBe(2);
    expect(parsePrivateLink('/e=1?token=AK:s')?.deadlineSeconds).toBeNaN();
    expect(parsePrivateLink('/a?e=1x&token=AK:s')?.deadlineSeconds).toBeNaN();
    expect(parsePrivateLink('/a?xe=1&token=AK:s')?.deadlineSeconds).toBeNaN();
  });

  it.each(['/a?e=1&token=', '/a?e=1&token=%', '/a?e=1&token=AK', '/a?token=:'])(
    '%s is a link that nobody signed',
    (target) => {
      const link = parsePrivateLink(target);
      expect(link && isSignedFor(link, secretKey, originsOf(['a']))).toBe(false);
    },
  );
});
