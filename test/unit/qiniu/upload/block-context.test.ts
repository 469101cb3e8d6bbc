import { describe, expect, it } from 'vitest';
import { keylessUploadsKeptMs } from '../../../../src/core/multipart/keyless-uploads.ts';
import {
  type BlockContext,
  chainOf,
  contextLength,
  decodeContext,
  encodeContext,
  expiryOf,
  nextChain,
} from '../../../../src/qiniu/upload/block-context.ts';

const startMs = 1_700_000_000_000;
const secretKey = 'MY_SECRET_KEY';
const context: BlockContext = {
  bucketId: 2 ** 40 + 7,
  uploadId: `${startMs.toString(16).padStart(12, '0')}${'ab'.repeat(16)}`,
  chunkCount: 1024,
  offset: 4_194_304,
  blockSize: 4_194_304,
  chain: chainOf(['e1', 'e2']),
};

describe('a context', () => {
  it('comes back as it was, and can stand in a path and in a list', () => {
    const text = encodeContext(context, secretKey);
    expect(text).toMatch(/^[\w-]+$/);
    expect(text).toHaveLength(contextLength);
    expect(decodeContext(text, secretKey, startMs)).toEqual(context);
  });

  it('counts until its upload is over', () => {
    const text = encodeContext(context, secretKey);
    const overMs = startMs + keylessUploadsKeptMs;
    expect(expiryOf(context.uploadId)).toBe(overMs);
    expect(decodeContext(text, secretKey, overMs)).not.toBeNull();
    expect(decodeContext(text, secretKey, overMs + 1)).toBeNull();
  });

  it('is none when any one of its bytes is another one', () => {
    const bytes = Buffer.from(encodeContext(context, secretKey), 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (bytes[at] ?? 0) ^ 1;
      expect(decodeContext(changed.toString('base64url'), secretKey, startMs)).toBeNull();
    }
  });

  it.each(['', 'x', 'A'.repeat(contextLength), '!'.repeat(contextLength)])(
    '%.5j is none',
    (text) => {
      expect(decodeContext(text, secretKey, startMs)).toBeNull();
    },
  );

  it('is none with another secret key', () => {
    expect(decodeContext(encodeContext(context, secretKey), 'other', startMs)).toBeNull();
  });
});

it('chains chunks in their order', () => {
  expect(nextChain(chainOf(['e1']), 'e2')).toEqual(chainOf(['e1', 'e2']));
  expect(chainOf(['e2', 'e1'])).not.toEqual(chainOf(['e1', 'e2']));
});
