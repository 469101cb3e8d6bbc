import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore, StoredFile } from '../../../src/blob-store/blob-store.ts';
import {
  FASTDFS_DEFAULTS,
  openFastdfsBlobStore,
} from '../../../src/blob-store/fastdfs-blob-store.ts';
import { startTestNode, type TestNode } from '../../support/embedded-node.ts';
import { inChunks, neverAborted } from './harness.ts';

const signal = neverAborted;
const SEGMENT = 300_000;

let node: TestNode;
let store: BlobStore;

beforeEach(async () => {
  node = await startTestNode();
  store = openFastdfsBlobStore({
    ...FASTDFS_DEFAULTS,
    trackers: [node.trackerAddress],
    segmentSizeBytesMax: SEGMENT,
    idleTimeoutMs: 300,
    avoidFailedServerMs: 1,
  });
});

afterEach(async () => {
  await store.close();
  await node.remove();
});

async function read(files: readonly StoredFile[]): Promise<Buffer> {
  const pieces = files.map(({ fileId, size }) => ({ fileId, offset: 0, size }));
  const chunks: Buffer[] = [];
  for await (const chunk of await store.open(pieces, { signal })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a blob store on the embedded node', () => {
  it('stores, reads and deletes files of many segments', async () => {
    const content = randomBytes(1_000_000);
    const files = await store.storeStream(inChunks(content, 65_536), content.length, { signal });
    expect(files.map((file) => file.size)).toEqual([SEGMENT, SEGMENT, SEGMENT, 100_000]);
    expect((await read(files)).equals(content)).toBe(true);
    for (const { fileId } of files) await store.delete(fileId, { signal });
    await expect(read(files)).rejects.toMatchObject({ reason: 'not-found' });
    for (const { fileId } of files) await store.delete(fileId, { signal });
  });

  it('understands answers in small pieces and of other versions', async () => {
    node.faults.tracker.replyPieceBytes = 3;
    node.faults.storage.replyPieceBytes = 1000;
    const content = randomBytes(20_000);
    const files = await store.storeBuffer(content, { signal });
    expect((await read(files)).equals(content)).toBe(true);
  });

  it('reports a full disk, and leaves no file behind', async () => {
    node.faults.storage.diskBytesLeft = 100_000;
    const filesBefore = node.filesOnDisk();
    const content = Buffer.alloc(250_000);
    const whole = store.storeBuffer(content, { signal });
    await expect(whole).rejects.toMatchObject({ reason: 'no-space' });
    const streamed = store.storeStream(inChunks(content, 10_000), content.length, { signal });
    await expect(streamed).rejects.toMatchObject({ reason: 'no-space' });
    expect(node.filesOnDisk()).toEqual(filesBefore);
  });

  it('refuses a file with a wrong checksum, and tells of it so that it can be deleted', async () => {
    node.faults.storage.wrongChecksum = true;
    const filesBefore = node.filesOnDisk();
    const stored: StoredFile[] = [];
    const options = { signal, onStored: (file: StoredFile) => stored.push(file) };
    const result = store.storeBuffer(Buffer.alloc(1000), options);
    await expect(result).rejects.toMatchObject({ reason: 'corrupt' });
    for (const { fileId } of stored) await store.delete(fileId, { signal });
    expect(node.filesOnDisk()).toEqual(filesBefore);
  });

  it('reads on where a reset broke a body off', async () => {
    const content = randomBytes(200_000);
    const files = await store.storeBuffer(content, { signal });
    node.faults.storage.resetAfterReplyBytes = 30_000;
    expect((await read(files)).equals(content)).toBe(true);
  });

  it.each<[string, () => void]>([
    ['stalls', () => (node.faults.storage.stallAfterReplyBytes = 5)],
    ['does not answer', () => (node.faults.storage.unanswered = 'all')],
    ['answers that a file vanished', () => (node.faults.storage.vanishAtDownload = true)],
  ])('fails a read when the storage server %s, and works again after that', async (_name, fail) => {
    const content = randomBytes(1000);
    const files = await store.storeBuffer(content, { signal });
    fail();
    await expect(read(files)).rejects.toMatchObject({ name: 'BlobStoreError' });
    node.faults.reset();
    expect(await read(files)).toEqual(content);
  });

  it('fails an upload that is reset, and works again after that', async () => {
    node.faults.storage.resetAfterContentBytes = 100;
    const result = store.storeStream(inChunks(Buffer.alloc(200_000), 1000), 200_000, { signal });
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
    node.faults.reset();
    expect(await store.storeBuffer(Buffer.alloc(10), { signal })).toHaveLength(1);
  });

  it('describes the node', async () => {
    expect(await store.clusterState()).toMatchObject({
      trackers: [{ ...node.trackerAddress, reachable: true }],
      groups: [{ storageServers: [{ ...node.storageAddress, status: 'ACTIVE' }] }],
    });
  });
});
