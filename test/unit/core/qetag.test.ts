import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { qetagOfParts, RunningQetag } from '../../../src/core/qetag.ts';

interface Vectors {
  readonly whole: readonly {
    readonly label: string;
    readonly size: number;
    readonly qetag: string;
  }[];
  readonly composite: readonly {
    readonly size: number;
    readonly partSize: number;
    readonly qetag: string;
  }[];
}

const path = new URL('../../fixtures/qiniu/qetag.json', import.meta.url);
const vectors: Vectors = JSON.parse(readFileSync(path, 'utf8'));

const PERIOD = 251;
const largest = Math.max(...vectors.whole.map(({ size }) => size));
const pattern = Buffer.alloc(largest, Buffer.from(Array.from({ length: PERIOD }, (_, i) => i)));

function qetagOf(...chunks: readonly Buffer[]): string {
  const qetag = new RunningQetag();
  for (const chunk of chunks) qetag.update(chunk);
  return qetag.digest();
}

describe('qetag', () => {
  it.each(vectors.whole)('of $label is what the SDKs compute', ({ label, size, qetag }) => {
    const content = label.includes('hello kodo') ? 'hello kodo\n' : pattern.subarray(0, size);
    expect(qetagOf(Buffer.from(content))).toBe(qetag);
  });

  it('does not depend on how the content is cut', () => {
    const content = pattern.subarray(0, 9 * 1024 ** 2);
    const whole = qetagOf(content);
    fc.assert(
      fc.property(fc.array(fc.nat(content.length), { maxLength: 12 }), (cuts) => {
        const ends = [...cuts, content.length].sort((left, right) => left - right);
        const chunks = ends.map((end, index) => content.subarray(ends[index - 1] ?? 0, end));
        expect(qetagOf(...chunks)).toBe(whole);
      }),
      { numRuns: 10 },
    );
  });

  it.each(vectors.composite)(
    'of $size bytes in parts of $partSize',
    ({ size, partSize, qetag }) => {
      const parts: { size: number; qetag: string }[] = [];
      for (let start = 0; start < size; start += partSize) {
        const part = pattern.subarray(start, Math.min(size, start + partSize));
        parts.push({ size: part.length, qetag: qetagOf(part) });
      }
      expect(qetagOfParts(parts)).toBe(qetag);
    },
  );

  it('of no parts is that of no bytes', () => {
    expect(qetagOfParts([])).toBe('Fto5o-5ea0sNMlW_75VgGJCv2AcJ');
  });
});
