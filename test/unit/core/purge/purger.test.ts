import { beforeEach, expect, it } from 'vitest';
import { observeChanges } from '../../../../src/core/purge/observed-index.ts';
import { purgeAfterDeletion } from '../../../../src/core/purge/purge-after-deletion.ts';
import type { PurgeCalls } from '../../../../src/core/purge/purge-calls.ts';
import { Purger } from '../../../../src/core/purge/purger.ts';
import { QueuedFiles } from '../../../../src/core/purge/queued-files.ts';
import { SeenTargets } from '../../../../src/core/purge/seen-targets.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { put } from '../../../support/put-objects.ts';

const fileId = 'group1/M00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg';

let called: string[];
let seen: SeenTargets;
let core: TestCore;

const calls = {
  hasRoom: true,
  add: (urls: Iterable<string>) => called.push(...urls),
} as unknown as PurgeCalls;

function purgerOf(urls: readonly string[], prefixes: readonly string[] = []) {
  return new Purger({ urls, prefixes, defaultGroup: 'group1' }, calls, seen);
}

beforeEach(async () => {
  called = [];
  seen = new SeenTargets();
  core = await createTestCore();
});

it('every cache forgets every URL of a file', () => {
  seen.remember(fileId, `/${fileId}?filename=a%20b.jpg`);
  purgerOf(['http://tier1/purge', 'http://tier2/purge'], ['fastdfs']).purgeFile(fileId);
  const paths = [
    `/${fileId}`,
    `/download/${fileId}`,
    fileId.replace('group1', ''),
    `/fastdfs/${fileId}`,
    `/${fileId}?filename=a%20b.jpg`,
  ];
  expect(called).toEqual(
    ['http://tier1/purge', 'http://tier2/purge'].flatMap((url) => paths.map((path) => url + path)),
  );
});

it('objects have URLs by their keys', () => {
  const purger = purgerOf(['http://tier1/purge', 'http://tier1/purge/{bucket}/{key}']);
  purger.purgeObject('photos', 'a b/中.jpg');
  expect(called).toEqual(['http://tier1/purge/photos/a%20b/%E4%B8%AD.jpg']);
});

it('URLs that were seen are bounded', () => {
  for (let index = 0; index < 100; index += 1) seen.remember(fileId, `/${fileId}?v=${index}`);
  seen.remember('other', `/${'x'.repeat(600)}`);
  expect(seen.find(fileId)).toHaveLength(16);
  expect(seen.find('other')).toEqual([]);
  for (let index = 0; index < 10_001; index += 1) seen.remember(String(index), '/x');
  expect(seen.find('0')).toEqual([]);
  expect(seen.find('1')).toEqual(['/x']);
});

it('writes through the index tell what they changed', async () => {
  const urls = ['http://t/purge', 'http://t/keys/{bucket}/{key}'];
  const index = observeChanges(core.index, purgerOf(urls));
  const observed = { ...core, index };
  const { fileId: first } = await put(observed);
  expect(called).toEqual(['http://t/keys/photos/cat.jpg']);
  called = [];
  const { fileId: second } = await put(observed);
  expect(called).toContain(`http://t/purge/${first}`);
  called = [];
  await index.deleteObjects(core.bucket.id, ['cat.jpg']);
  expect(called).toContain(`http://t/purge/${second}`);
  expect(called).toContain('http://t/keys/photos/cat.jpg');
});

it('what expires is told too, and a hash that is worked out is not', async () => {
  const index = observeChanges(core.index, purgerOf(['http://t/keys/{bucket}/{key}']));
  await put(core, { subresources: { expiresAtMs: core.clock.nowMs } });
  const request = { bucketId: core.bucket.id, key: 'cat.jpg', versionId: null };
  await index.changeObject({ ...request, change: { qetag: 'F' } });
  expect(called).toEqual([]);
  await index.expireObjects(10);
  expect(called).toEqual(['http://t/keys/photos/cat.jpg']);
});

it('a write fails only for reasons of its own', async () => {
  const faulty = await createTestCore({
    indexFaults: {
      findObject: async () => {
        throw new Error('cannot be looked up');
      },
      findBucketById: async () => {
        throw new Error('cannot be looked up');
      },
    },
  });
  const index = observeChanges(faulty.index, purgerOf(['http://t/purge/{key}']));
  await put({ ...faulty, index });
  expect(await faulty.keys()).toEqual(['cat.jpg']);
});

it('files that wait for their deletion are purged once, whoever gave them up', async () => {
  const queued = new QueuedFiles(core, purgerOf(['http://t/purge']));
  await core.index.queueDeletions(['group2/a', 'group2/b'], core.now());
  await queued.look();
  await queued.look();
  const ofFiles = ['group2/a', 'group2/b'].flatMap((each) => [
    `http://t/purge/${each}`,
    `http://t/purge/download/${each}`,
  ]);
  expect(called).toEqual(ofFiles);
});

it('a file is purged once more when it is really gone', async () => {
  const deleted: string[] = [];
  const blobs = purgeAfterDeletion(
    {
      async delete(fileId) {
        if (fileId === 'group1/refused') throw new Error('refused');
        deleted.push(fileId);
      },
    },
    purgerOf(['http://t/purge']),
  );
  const { signal } = new AbortController();
  await blobs.delete('group2/a', { signal });
  expect(deleted).toEqual(['group2/a']);
  expect(called).toContain('http://t/purge/group2/a');
  called = [];
  await expect(blobs.delete('group1/refused', { signal })).rejects.toThrow('refused');
  expect(called).toEqual([]);
});
