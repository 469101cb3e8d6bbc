import { describe, expect, it } from 'vitest';
import { type OriginOptions, originOf } from '../../../src/cli/bucket-origin-options.ts';

const seal = (secret: string) => `sealed ${secret.length}`;
const bounds = { credentials: null, missTtlMs: 10_000, sizeBytesMax: 5 * 1024 ** 3 };

describe('originOf', () => {
  it.each([
    ['http://x.example', {}, { kind: 'http', url: 'http://x.example/' }],
    ['http://x.example/a/', {}, { kind: 'http', url: 'http://x.example/a/' }],
    ['http://x.example/a', { prefix: 'b-' }, { kind: 'http', url: 'http://x.example/a/b-' }],
    ['https://cdn.example', { type: 'qiniu' }, { kind: 'qiniu', url: 'https://cdn.example/' }],
    [
      'https://s3.example:9000',
      { bucket: 'b', prefix: 'p/', region: 'eu-west-1', virtualHost: true },
      {
        kind: 's3',
        endpoint: 'https://s3.example:9000',
        ...{ bucket: 'b', prefix: 'p/', region: 'eu-west-1', isVirtualHosted: true },
      },
    ],
  ] as [string, OriginOptions, object][])('reads %s with %o', (url, options, expected) => {
    expect(originOf(url, options, seal)).toEqual({ ...bounds, ...expected });
  });

  it('seals the secret', () => {
    const options = { type: 'qiniu', accessKey: 'AK', secretKey: 'secret' };
    const { credentials } = originOf('https://x.example', options, seal);
    expect(credentials).toEqual({ accessKeyId: 'AK', secretSealed: 'sealed 6' });
  });

  it('reads bounds', () => {
    const options = { missTtl: '5m', maxSize: '100MiB' };
    expect(originOf('https://x.example', options, seal)).toMatchObject({
      missTtlMs: 300_000,
      sizeBytesMax: 100 * 1024 ** 2,
    });
    expect(originOf('https://x.example', { missTtl: '0' }, seal).missTtlMs).toBe(0);
  });

  it.each([
    ['x.example', {}],
    ['ftp://x.example', {}],
    ['https://user:secret@x.example', {}],
    ['https://x.example/?a=b', {}],
    ['https://x.example', { type: 'ftp' }],
    ['https://x.example', { type: 's3' }],
    ['https://x.example/path', { bucket: 'b' }],
    ['https://x.example', { type: 'http', bucket: 'b' }],
    ['https://x.example', { type: 'http', region: 'r' }],
    ['https://x.example', { accessKey: 'AK' }],
    ['https://x.example', { type: 'qiniu', secretKey: 'SK' }],
    ['https://x.example', { type: 'http', accessKey: 'AK', secretKey: 'SK' }],
    ['https://x.example', { missTtl: '2d' }],
    ['https://x.example', { missTtl: '10' }],
    ['https://x.example', { maxSize: '6GiB' }],
    ['https://x.example', { maxSize: '0' }],
  ] as [string, OriginOptions][])('refuses %s with %o', (url, options) => {
    expect(() => originOf(url, options, seal)).toThrow(
      expect.objectContaining({ name: 'UsageError' }),
    );
  });
});
