import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTENT_HEAD_SIZE_MAX } from '../../../../../src/fastdfs/protocol/constants.ts';
import { tryDecode } from '../../../../../src/fastdfs/protocol/errors.ts';
import { COMMANDS } from '../../../../support/fastdfs-commands.ts';

/** Zeros, text and small numbers reach further into a decoder than evenly random bytes do. */
const garbage = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.integer({ min: 0, max: 700 }).map((size) => Buffer.alloc(size)),
      fc.string({ maxLength: 60 }).map((text) => Buffer.from(text)),
      fc.constantFrom(
        Buffer.from('000000000000002c', 'hex'),
        Buffer.from('ffffffffffffffff', 'hex'),
        Buffer.from('7fffffffffffffff', 'hex'),
        Buffer.from('group1\0\0\0\0\0\0\0\0\0\0'),
        Buffer.from('M00/00/00/Ck0BC2sAwcGAd_EWAAAAAfvbJhU7723416'),
      ),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => Buffer.concat(pieces));

describe.each(COMMANDS.map((command) => [command.name, command] as const))('%s', (_, command) => {
  it('refuses garbage with a ProtocolError or reads it', () => {
    fc.assert(
      fc.property(garbage, fc.nat(255), (bytes, headerStatus) => {
        tryDecode(() => command.decodeRequest?.(bytes, headerStatus));
        tryDecode(() => command.decodeResponse?.(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it('writes back what it could read', () => {
    fc.assert(
      fc.property(garbage, (bytes) => {
        const response = tryDecode(() => command.decodeResponse?.(bytes));
        if (!response) return;
        const encoded = tryDecode(() => command.encodeResponse?.(response as never));
        if (encoded) expect(command.decodeResponse?.(encoded)).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });
});

const withContent = COMMANDS.filter(({ decodeRequestHead }) => decodeRequestHead);

describe.each(withContent.map((command) => [command.name, command] as const))(
  '%s',
  (_, command) => {
    it('never waits for more than the largest head', () => {
      const full = garbage.map((bytes) =>
        Buffer.concat([bytes, Buffer.alloc(CONTENT_HEAD_SIZE_MAX)]),
      );
      fc.assert(
        fc.property(full, fc.oneof(fc.nat(1000), fc.maxSafeNat()), (bytes, bodyLength) => {
          const head = tryDecode(() => command.decodeRequestHead?.(bytes, bodyLength) ?? 'waiting');
          expect(head).not.toBe('waiting');
        }),
        { numRuns: 500 },
      );
    });

    it('never takes more for the head than there is', () => {
      fc.assert(
        fc.property(garbage, fc.nat(1000), (bytes, bodyLength) => {
          const head = tryDecode(() => command.decodeRequestHead?.(bytes, bodyLength));
          expect(head?.headSize ?? 0).toBeLessThanOrEqual(Math.min(bytes.length, bodyLength));
        }),
        { numRuns: 500 },
      );
    });
  },
);
