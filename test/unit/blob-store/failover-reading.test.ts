import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore, BlobStoreEvent, FilePiece } from '../../../src/blob-store/blob-store.ts';
import {
  FASTDFS_DEFAULTS,
  openFastdfsBlobStore,
} from '../../../src/blob-store/fastdfs-blob-store.ts';
import { dataPathOf, parseFileId } from '../../../src/fastdfs/protocol/file-id.ts';
import { decodeFileName } from '../../../src/fastdfs/protocol/file-name-fields.ts';
import type { StorageNode } from '../../support/cluster/storage-node.ts';
import { trackersOf } from '../../support/cluster-control.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../support/embedded-cluster.ts';
import { neverAborted as signal } from './harness.ts';

const MIB = 1024 * 1024;

let cluster: EmbeddedCluster;
let store: BlobStore;
let events: BlobStoreEvent[];

async function start(replicationDelayMs: number): Promise<void> {
  cluster = await startEmbeddedCluster({ groups: 1, trackers: 1, replicationDelayMs });
  events = [];
  store = openFastdfsBlobStore({
    ...FASTDFS_DEFAULTS,
    trackers: trackersOf(cluster),
    idleTimeoutMs: 300,
    connectTimeoutMs: 300,
    clusterViewRefreshMs: 50,
    onEvent: (event) => events.push(event),
  });
}

afterEach(async () => {
  await store.close();
  await cluster.close();
});

/** Stores one file; tells who took it, and who has to get it from there. */
async function storeOne(content: Buffer) {
  const [file] = await store.storeBuffer(content, { signal });
  if (file === undefined) throw new Error('nothing stored');
  const { source } = decodeFileName(parseFileId(file.fileId).fileName);
  const isSource = (node: StorageNode) =>
    'storageId' in source && node.id === String(source.storageId);
  const [own] = cluster.storages.filter(isSource);
  const [replica] = cluster.storages.filter((node) => !isSource(node));
  if (own === undefined || replica === undefined) throw new Error('no source');
  return { piece: { fileId: file.fileId, offset: 0, size: content.length }, source: own, replica };
}

async function drain(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads a piece, and does something when the reader has got the first bytes. */
async function readWith(piece: FilePiece, onFirst: () => Promise<void> | void): Promise<Buffer> {
  const stream = await store.open([piece], { signal });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    if (chunks.length === 0) await onFirst();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function fileOn(node: StorageNode, { fileId }: FilePiece): string {
  return join(node.storePath, 'data', dataPathOf(parseFileId(fileId).fileName));
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

describe('while no replica gets anything', () => {
  beforeEach(() => start(Number.POSITIVE_INFINITY));

  it('each file is read at once although trackers say that the replica has it', async () => {
    for (const node of cluster.storages) {
      for (const peer of cluster.storages) {
        if (peer !== node) node.syncedFrom.set(peer.id, Math.trunc(Date.now() / 1000) + 3600);
      }
    }
    const inOneHour = () => Date.now() + 3_000_000;
    const isSeen = async () =>
      (await store.clusterState()).groups.every(({ storageServers }) =>
        storageServers.every(({ lastSyncedMs }) => lastSyncedMs > inOneHour()),
      );
    await expect.poll(isSeen).toBe(true);
    for (let i = 0; i < 200; i += 1) {
      const content = randomBytes(100);
      const { piece } = await storeOne(content);
      expect(await store.read(piece, { signal })).toEqual(content);
    }
    // Not finding it is what a replica may do, and no reason to leave it alone.
    expect(events.filter(({ kind }) => kind === 'failover').length).toBeGreaterThan(10);
    expect(events.filter(({ kind }) => kind === 'breaker')).toEqual([]);
  });

  it('a file is unavailable while its source is down, and there again with it', async () => {
    const content = randomBytes(1000);
    const { piece, source } = await storeOne(content);
    await cluster.stop(source.name);
    await expect(store.read(piece, { signal })).rejects.toMatchObject({ reason: 'unavailable' });
    await expect(store.open([piece], { signal })).rejects.toMatchObject({ reason: 'unavailable' });
    await cluster.start(source.name);
    expect(await store.read(piece, { signal })).toEqual(content);
  });
});

describe('a body is unbroken', () => {
  const content = randomBytes(24 * MIB);
  let stored: Awaited<ReturnType<typeof storeOne>>;

  beforeEach(async () => {
    await start(0);
    stored = await storeOne(content);
    await cluster.waitUntilReplicated();
  });

  it('when the storage server is killed', async () => {
    const { piece, source } = stored;
    const bytes = await readWith(piece, () => cluster.kill(source.name));
    expect(md5(bytes)).toBe(md5(content));
    expect(events).toContainEqual(expect.objectContaining({ kind: 'failover' }));
  });

  it('when its link is cut, and nothing is reset', async () => {
    const { piece, source } = stored;
    const bytes = await readWith(piece, () => cluster.cut(source.name));
    expect(md5(bytes)).toBe(md5(content));
  });

  it.each(['reset', 'stall'] as const)('when its connection has a %s', async (trip) => {
    const { piece, source } = stored;
    void source.network.toClient.after(9 * MIB + 5, trip);
    expect(md5(await drain(await store.open([piece], { signal })))).toBe(md5(content));
  });

  it('when the last byte is damaged on the disk of its source', async () => {
    const { piece, source } = stored;
    const path = fileOn(source, piece);
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(path, bytes);
    expect(md5(await drain(await store.open([piece], { signal })))).toBe(md5(content));
    expect(events.filter(({ kind }) => kind === 'checksum-mismatch')).toHaveLength(1);
  });

  it('or it breaks off, when bytes are corrupted on their way', async () => {
    const { piece, source } = stored;
    void source.network.toClient.after(MIB, 'corrupt');
    const reading = store.open([piece], { signal }).then(drain);
    await expect(reading).rejects.toMatchObject({ reason: 'corrupt' });
    expect(md5(await drain(await store.open([piece], { signal })))).toBe(md5(content));
  });

  it('when the copy on the disk of its source was cut short', async () => {
    const { piece, source } = stored;
    const path = fileOn(source, piece);
    writeFileSync(path, readFileSync(path).subarray(0, 3 * MIB));
    expect(md5(await drain(await store.open([piece], { signal })))).toBe(md5(content));
    const range = { ...piece, offset: 5 * MIB, size: 10 };
    expect(await store.read(range, { signal })).toEqual(content.subarray(5 * MIB, 5 * MIB + 10));
    expect(events.filter(({ kind }) => kind === 'checksum-mismatch')).toHaveLength(1);
  });

  it('when the range begins behind the end of a copy that was cut short', async () => {
    const { piece, source } = stored;
    const path = fileOn(source, piece);
    writeFileSync(path, readFileSync(path).subarray(0, 3 * MIB));
    const range = { ...piece, offset: 5 * MIB, size: 10 };
    expect(await store.read(range, { signal })).toEqual(content.subarray(5 * MIB, 5 * MIB + 10));
    expect(events.filter(({ kind }) => kind === 'checksum-mismatch')).toHaveLength(1);
  });
});
