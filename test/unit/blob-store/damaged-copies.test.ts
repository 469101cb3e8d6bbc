import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BlobStoreEvent } from '../../../src/blob-store/blob-store.ts';
import { DamagedCopies } from '../../../src/blob-store/damaged-copies.ts';

const one = { host: '10.0.0.1', port: 23_000 };
const other = { host: '10.0.0.2', port: 23_000 };
let events: BlobStoreEvent[];
let copies: DamagedCopies;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  events = [];
  copies = new DamagedCopies((event) => events.push(event));
});

afterEach(() => {
  vi.useRealTimers();
});

it('reports a damaged copy, and remembers it for five minutes', () => {
  copies.report([one], 'group1/a');
  expect(events).toEqual([
    {
      kind: 'checksum-mismatch',
      direction: 'download',
      server: '10.0.0.1:23000',
      fileId: 'group1/a',
    },
  ]);
  expect(copies.has({ ...one }, 'group1/a')).toBe(true);
  expect(copies.has(one, 'group1/b')).toBe(false);
  expect(copies.has(other, 'group1/a')).toBe(false);
  vi.advanceTimersByTime(299_999);
  expect(copies.has(one, 'group1/a')).toBe(true);
  vi.advanceTimersByTime(1);
  expect(copies.has(one, 'group1/a')).toBe(false);
});

it('names all servers that may have the damage, and remembers none', () => {
  copies.report([one, other], 'group1/a');
  expect(events).toMatchObject([{ server: '10.0.0.1:23000 or 10.0.0.2:23000' }]);
  expect(copies.has(one, 'group1/a')).toBe(false);
});

it('forgets a copy that is sound', () => {
  copies.report([one], 'group1/a');
  copies.isSound(one, 'group1/a');
  expect(copies.has(one, 'group1/a')).toBe(false);
});

it('forgets the oldest when there are too many', () => {
  for (let i = 0; i < 10_000; i += 1) copies.report([one], `group1/${i}`);
  copies.report([one], 'group1/0');
  copies.report([one], 'group1/10000');
  expect(copies.has(one, 'group1/1')).toBe(false);
  for (const name of ['0', '2', '10000']) expect(copies.has(one, `group1/${name}`)).toBe(true);
});
