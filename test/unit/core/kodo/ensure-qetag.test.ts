import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureQetag, prepareQetag } from '../../../../src/core/kodo/ensure-qetag.ts';
import type { ObjectRecord } from '../../../../src/object-index/records.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { incomingContent } from '../../../support/incoming-content.ts';
import { largeBody, put } from '../../../support/put-objects.ts';

let core: TestCore;
beforeEach(async () => {
  core = await createTestCore({ replayBufferSizeBytes: 10, segmentSizeBytesMax: 3000 });
});
afterEach(() => core.index.close());

const find = (key: string) => core.index.findObject(core.bucket.id, key);
const without = (object: ObjectRecord): ObjectRecord => ({ ...object, qetag: null });

it('reads an object of several files once, and stores its hash', async () => {
  const stored = await put(core, { key: 'a', content: incomingContent(largeBody) });
  const request = { bucketId: core.bucket.id, key: 'a', versionId: null };
  await core.index.changeObject({ ...request, change: { qetag: null } });
  const opened: unknown[] = [];
  const blobs = new Proxy(core.blobs, {
    get(target, name) {
      if (name === 'open') opened.push(name);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  const watched = { ...core, blobs };
  const hashes = await Promise.all([1, 2, 3].map(() => ensureQetag(watched, without(stored))));
  // SHA-1 of the bytes, as it is less than a block.
  expect(hashes).toEqual(new Array(3).fill('FilSLnP1xn0__znZNq4LtULbiwW1'));
  expect(opened).toHaveLength(1);
  expect((await find('a'))?.qetag).toBe(hashes[0]);
});

it('takes the hash that is there for granted', async () => {
  const stored = await put(core, { key: 'a' });
  expect(await ensureQetag(core, { ...stored, qetag: 'Fknown' })).toBe('Fknown');
});

it('knows the hash of nothing', async () => {
  const stored = await put(core, { key: 'a', content: incomingContent('') });
  expect(await ensureQetag(core, without(stored))).toBe('Fto5o-5ea0sNMlW_75VgGJCv2AcJ');
});

it('stores it of an older version, too', async () => {
  await core.index.setBucketVersioning(core.bucket.id, 'Enabled');
  const first = await put(core, { key: 'a', content: incomingContent('1') });
  await put(core, { key: 'a', content: incomingContent('2') });
  const hash = await ensureQetag(core, without(first));
  const found = await core.index.findObject(core.bucket.id, 'a', first.versionId);
  expect([found?.id, found?.qetag]).toEqual([first.id, hash]);
});

it('does not store that of bytes to which others were added meanwhile', async () => {
  const stored = await put(core, { key: 'a' });
  const request = { bucketId: core.bucket.id, key: 'a', versionId: null };
  await core.index.changeObject({ ...request, change: { qetag: null } });
  expect(await ensureQetag(core, { ...without(stored), etag: 'of-before' })).toBeNull();
  expect((await find('a'))?.qetag).toBeNull();
});

it('works in the background without anybody waiting', async () => {
  const stored = await put(core, { key: 'a' });
  const request = { bucketId: core.bucket.id, key: 'a', versionId: null };
  await core.index.changeObject({ ...request, change: { qetag: null } });
  prepareQetag(core, without(stored));
  await expect.poll(async () => (await find('a'))?.qetag).toMatch(/^F/);
});

it('lets nobody wait for what is prepared in the background, and reads nothing twice', async () => {
  const objects = await Promise.all(
    Array.from({ length: 20 }, (_, index) => put(core, { key: `k${index}` })),
  );
  const request = { bucketId: core.bucket.id, versionId: null, change: { qetag: null } };
  for (const { key } of objects) await core.index.changeObject({ ...request, key });
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const opened: string[] = [];
  const blobs = new Proxy(core.blobs, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name !== 'open' || typeof member !== 'function') {
        return typeof member === 'function' ? member.bind(target) : member;
      }
      return async (...args: unknown[]) => {
        opened.push(JSON.stringify(args[0]));
        // The first two are the background's.
        if (opened.length <= 2) await held;
        return await member.apply(target, args);
      };
    },
  });
  const watched = { ...core, blobs };
  for (const object of objects) prepareQetag(watched, without(object));
  await expect.poll(() => opened.length).toBe(2);
  const last = objects.at(-1);
  if (!last) throw new Error('there are some');
  expect(await ensureQetag(watched, without(last))).toMatch(/^F/);
  expect((await find('k18'))?.qetag).toBeNull();
  release();
  const hasAll = async () => {
    const found = await Promise.all(objects.map(({ key }) => find(key)));
    return found.every((object) => object?.qetag);
  };
  await expect.poll(hasAll).toBe(true);
  expect(opened).toHaveLength(20);
});

it('lets nobody who asks for a small object stand behind large ones', async () => {
  const stored = await put(core, { key: 'a' });
  const large = await put(core, { key: 'large' });
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const blobs = new Proxy(core.blobs, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name !== 'open') return member.bind(target);
      return async (...args: [readonly { readonly size: number }[], ...unknown[]]) => {
        if ((args[0][0]?.size ?? 0) > 2 ** 30) {
          await held;
          throw new Error('gone');
        }
        return await member.apply(target, args);
      };
    },
  });
  const watched = { ...core, blobs };
  const reads = Array.from({ length: 8 }, (_, index) =>
    ensureQetag(watched, { ...without(large), id: 1000 + index, size: 2 ** 40 }),
  );
  const ended = Promise.allSettled(reads);
  expect(await ensureQetag(watched, without(stored))).toMatch(/^F/);
  release();
  expect((await ended).map(({ status }) => status)).toEqual(new Array(8).fill('rejected'));
});
