import { afterEach } from 'vitest';
import type { BlobStore } from '../../../src/blob-store/blob-store.ts';
import {
  FASTDFS_DEFAULTS,
  type FastdfsBlobStoreSettings,
  openFastdfsBlobStore,
} from '../../../src/blob-store/fastdfs-blob-store.ts';
import {
  type FakeStorage,
  type FakeTracker,
  startFakeCluster,
} from '../../support/fake-cluster.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export interface Bench {
  readonly store: BlobStore;
  readonly tracker: FakeTracker;
  readonly storages: FakeStorage[];
  readonly closed: string[];
}

/** A blob store on a fake cluster: by default one group of two. Segments have 1000 bytes. */
export async function startBench(
  groups: Readonly<Record<string, number>> = { group1: 2 },
  settings: Partial<FastdfsBlobStoreSettings> = {},
): Promise<Bench> {
  const { tracker, storages, stop } = await startFakeCluster(groups);
  cleanups.push(stop);
  const closed: string[] = [];
  const store = openFastdfsBlobStore({
    ...FASTDFS_DEFAULTS,
    segmentSizeBytesMax: 1000,
    trackers: [tracker.address],
    onEvent: (event) => {
      if (event.kind === 'connection-closed') closed.push(event.reason);
    },
    ...settings,
  });
  cleanups.push(() => store.close());
  return { store, tracker, storages, closed };
}

/** The storage server at a place; a test that names a wrong one fails here. */
export function at(storages: readonly FakeStorage[], index: number): FakeStorage {
  const storage = storages[index];
  if (storage === undefined) throw new Error(`no storage server ${index}`);
  return storage;
}

/** All files of the storage servers, joined by server in the order of their storing. */
export function contentOf(storages: readonly FakeStorage[]): Buffer {
  return Buffer.concat(storages.flatMap((storage) => [...storage.files.values()]));
}

export async function* inChunks(
  content: Buffer,
  chunkSize: number,
): AsyncGenerator<Buffer, void, void> {
  for (let start = 0; start < content.length; start += chunkSize) {
    yield content.subarray(start, start + chunkSize);
  }
}

export const neverAborted = new AbortController().signal;
