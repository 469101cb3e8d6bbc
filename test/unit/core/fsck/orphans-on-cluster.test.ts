import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BlobStore } from '../../../../src/blob-store/blob-store.ts';
import {
  FASTDFS_DEFAULTS,
  openFastdfsBlobStore,
} from '../../../../src/blob-store/fastdfs-blob-store.ts';
import { drainQueue } from '../../../../src/core/drain-queue.ts';
import { OrphanSearch } from '../../../../src/core/fsck/orphan-search.ts';
import { queueOrphans } from '../../../../src/core/fsck/queue-orphans.ts';
import type { CoreServices } from '../../../../src/core/services.ts';
import { SortedTexts } from '../../../../src/object-index/sorted-texts.ts';
import { createTestCore } from '../../../support/core-services.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../support/embedded-cluster.ts';
import { newObject, putObject } from '../../../support/new-records.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const { signal } = new AbortController();

let cluster: EmbeddedCluster;
let blobs: BlobStore;
beforeEach(async () => {
  cluster = await startEmbeddedCluster({ groups: 1, trackers: 1, replicationDelayMs: 500 });
  const trackers = [cluster.tracker('t1').address];
  blobs = openFastdfsBlobStore({ ...FASTDFS_DEFAULTS, trackers, clusterViewRefreshMs: 20 });
});
afterEach(async () => {
  await blobs.close();
  await cluster.close();
});

async function store(text: string): Promise<string> {
  const [file] = await blobs.storeBuffer(Buffer.from(text), { signal });
  if (!file) throw new Error('nothing was stored');
  return file.fileId;
}

const listing = async (name: string) =>
  (await cluster.listFiles(name)).map((fileName) => `group1/${fileName}`);

/** Compares the listings of both servers with the index; gives what it queued. */
async function repair(core: CoreServices): Promise<readonly string[]> {
  const directory = temporaryDirectory();
  const listed = new SortedTexts(directory);
  const options = { place: null, ageMsMin: 0, directory };
  const search = new OrphanSearch(core, listed, options);
  for (const name of ['g1s1', 'g1s2']) for (const line of await listing(name)) search.take(line);
  const queued: string[] = [];
  const leftAlone = new Set<string>();
  for await (const fates of queueOrphans(core, search.compare(signal), { leftAlone, signal })) {
    queued.push(...fates.queued);
  }
  listed.close();
  return queued;
}

it('a deletion that FastDFS lost is found on the replica that kept the file, and done', async () => {
  const memory = await createTestCore();
  // Files are stored by the clock of the machine.
  const core = { ...memory, blobs, now: () => Date.now() + 60_000 };
  const lost = await store('deleted, but not everywhere');
  const kept = await store('needed');
  const segments = [{ fileId: kept, fileOffset: 0, size: 'needed'.length }];
  await putObject(core.index, newObject(core.bucket.id, 'k', { segments }));
  await cluster.waitUntilReplicated();

  // The source is killed before it has written to its change log that the file is gone.
  await blobs.delete(lost, { signal });
  const source = (await listing('g1s1')).includes(lost) ? 'g1s2' : 'g1s1';
  const replica = source === 'g1s1' ? 'g1s2' : 'g1s1';
  await cluster.kill(source);
  await cluster.start(source);
  await cluster.waitUntilActive();
  await cluster.waitUntilReplicated();
  expect(await listing(source)).not.toContain(lost);
  expect(await listing(replica)).toContain(lost);

  expect(await repair(core)).toEqual([lost]);
  await drainQueue(core, { isEarly: true, concurrencyMax: 1, signal });
  await cluster.waitUntilReplicated();
  for (const name of ['g1s1', 'g1s2']) expect(await listing(name)).toEqual([kept]);
  expect(await repair(core)).toEqual([]);
});
