import { beforeEach, expect, it } from 'vitest';
import { RecentRecords } from '../../../src/object-index/recent-records.ts';

let nowMs = 0;
let stored: string | null = 'old';
let reads = 0;
let recent: RecentRecords;

beforeEach(() => {
  nowMs = 0;
  stored = 'old';
  reads = 0;
  recent = new RecentRecords({ now: () => nowMs });
});

function find(name = 'findBucket', argument = 'photos'): unknown {
  return recent.get(name, [argument], () => {
    reads += 1;
    return stored;
  });
}

it('reads a bucket once in a while, and sees the change of another process after that', () => {
  expect(find()).toBe('old');
  stored = 'new';
  nowMs = 19;
  expect(find()).toBe('old');
  nowMs = 20;
  expect(find()).toBe('new');
  expect(reads).toBe(2);
});

it('sees at once what another process has changed, when it is told of changes', () => {
  let version = 1;
  recent = new RecentRecords({ now: () => nowMs, version: () => version });
  expect(find()).toBe('old');
  stored = 'new';
  expect(find()).toBe('old');
  version = 2;
  expect(find()).toBe('new');
  expect(reads).toBe(2);
});

it('tells buckets and access keys of the same name apart', () => {
  find('findBucket', 'same');
  stored = 'a key';
  expect(find('findAccessKey', 'same')).toBe('a key');
});

it('does not remember that there is none', () => {
  stored = null;
  expect(find()).toBeNull();
  stored = 'made';
  expect(find()).toBe('made');
});

it('forgets all when a write of this process that may change them ends, done or failed', async () => {
  find();
  await recent.whileWriting('deleteBucket', async () => {
    // Read before the commit: it must not outlive it.
    find();
    stored = null;
  });
  expect(find()).toBeNull();
  stored = 'old';
  find();
  const failing = recent.whileWriting('removeUser', async () => {
    stored = 'new';
    throw new Error('full');
  });
  await expect(failing).rejects.toThrow('full');
  expect(find()).toBe('new');
});

it('never remembers objects', () => {
  find('findObject');
  stored = 'new';
  expect(find('findObject')).toBe('new');
});
