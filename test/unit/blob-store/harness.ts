import type { Readable } from 'node:stream';
import { afterEach } from 'vitest';
import type { BlobStore, BlobStoreEvent, FilePiece } from '../../../src/blob-store/blob-store.ts';
import {
  FASTDFS_DEFAULTS,
  type FastdfsBlobStoreSettings,
  openFastdfsBlobStore,
} from '../../../src/blob-store/fastdfs-blob-store.ts';
import {
  type FakeClusterOptions,
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
  readonly events: BlobStoreEvent[];
}

/** A blob store on a fake cluster: by default one group of two. Segments have 1000 bytes. */
export async function startBench(
  groups: Readonly<Record<string, number>> = { group1: 2 },
  settings: Partial<FastdfsBlobStoreSettings> = {},
  cluster: FakeClusterOptions = {},
): Promise<Bench> {
  const { tracker, storages, stop } = await startFakeCluster(groups, cluster);
  cleanups.push(stop);
  const closed: string[] = [];
  const events: BlobStoreEvent[] = [];
  const store = openFastdfsBlobStore({
    ...FASTDFS_DEFAULTS,
    segmentSizeBytesMax: 1000,
    trackers: [tracker.address],
    onEvent: (event) => {
      events.push(event);
      if (event.kind === 'connection-closed') closed.push(event.reason);
    },
    ...settings,
  });
  cleanups.push(() => store.close());
  return { store, tracker, storages, closed, events };
}

/** The storage server at a place; a test that names a wrong one fails here. */
export function at(storages: readonly FakeStorage[], index: number): FakeStorage {
  const storage = storages[index];
  if (storage === undefined) throw new Error(`no storage server ${index}`);
  return storage;
}

/** Stores one file at the storage server that the tracker names, its source. */
export async function storeOne({ store }: Bench, content: Buffer): Promise<FilePiece> {
  const [file] = await store.storeBuffer(content, { signal: neverAborted });
  if (file === undefined) throw new Error('nothing stored');
  return { fileId: file.fileId, offset: 0, size: content.length };
}

export function replicate(from: FakeStorage, to: FakeStorage): void {
  for (const [fileName, content] of from.files) to.files.set(fileName, content);
}

export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** All bytes of the pieces, as a stream gives them. */
export async function readPieces(
  store: BlobStore,
  pieces: Parameters<BlobStore['open']>[0],
): Promise<Buffer> {
  return readAll(await store.open(pieces, { signal: neverAborted }));
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
