import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReusedBuffers } from '../../../src/support/reused-buffers.ts';

describe('ReusedBuffers', () => {
  it('gives a buffer out again when all of it was given back', () => {
    const buffers = new ReusedBuffers(1024, 4);
    const buffer = buffers.take();
    const bytes = buffer.subarray(0, 1000);
    buffers.handOn(bytes);
    buffers.filled(buffer.subarray(1000));
    buffers.giveBack(bytes);
    expect(buffers.take().buffer).toBe(buffer.buffer);
  });

  it('waits for the last piece, however the bytes were cut since', () => {
    const buffers = new ReusedBuffers(1024, 4);
    const buffer = buffers.take();
    buffers.handOn(buffer.subarray(0, 512));
    buffers.handOn(buffer.subarray(512));
    buffers.filled(buffer);
    buffers.giveBack(buffer.subarray(0, 100));
    buffers.giveBack(buffer.subarray(512));
    expect(buffers.take().buffer).not.toBe(buffer.buffer);
    buffers.giveBack(buffer.subarray(100, 512));
    expect(buffers.take().buffer).toBe(buffer.buffer);
  });

  it('keeps a buffer that is still being filled', () => {
    const buffers = new ReusedBuffers(1024, 4);
    const buffer = buffers.take();
    buffers.handOn(buffer.subarray(0, 10));
    buffers.giveBack(buffer.subarray(0, 10));
    expect(buffers.take().buffer).not.toBe(buffer.buffer);
  });

  it('leaves memory of others alone', () => {
    const buffers = new ReusedBuffers(1024, 4);
    const other = Buffer.alloc(1024);
    buffers.handOn(other);
    buffers.filled(other);
    buffers.giveBack(other);
    expect(buffers.take().buffer).not.toBe(other.buffer);
  });

  it('keeps no more free buffers than its bound', () => {
    const buffers = new ReusedBuffers(1024, 1);
    const [first, second] = [buffers.take(), buffers.take()];
    buffers.filled(first);
    buffers.filled(second);
    expect(buffers.take().buffer).toBe(first.buffer);
    expect(buffers.take().buffer).not.toBe(second.buffer);
  });

  it('never gives out memory that somebody still has', () => {
    const step = fc.record({ size: fc.integer({ min: 1, max: 400 }), givesBack: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const buffers = new ReusedBuffers(1024, 2);
        const held: Buffer[] = [];
        let filling = buffers.take();
        let mark = 0;
        for (const { size, givesBack } of steps) {
          if (filling.length < size) {
            buffers.filled(filling);
            filling = buffers.take();
          }
          const bytes = filling.subarray(0, size);
          bytes.fill(++mark % 256);
          filling = filling.subarray(size);
          buffers.handOn(bytes);
          held.push(bytes);
          const oldest = givesBack ? held.shift() : undefined;
          if (oldest) buffers.giveBack(oldest);
          const marks = held.map((piece) => piece[0]);
          expect(held.every((piece, index) => piece.every((byte) => byte === marks[index]))).toBe(
            true,
          );
          const expected = held.map((_, index) => (mark - held.length + 1 + index) % 256);
          expect(marks).toEqual(expected);
        }
      }),
    );
  });
});
