import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { BlobStoreEvent, FilePiece } from '../../../src/blob-store/blob-store.ts';
import { renderAddress } from '../../../src/fastdfs/client/server-address.ts';
import { downloadFile } from '../../../src/fastdfs/protocol/commands/download-file.ts';
import { queryFileInfo } from '../../../src/fastdfs/protocol/commands/query-file-info.ts';
import { encodeResponseHeader } from '../../../src/fastdfs/protocol/frame.ts';
import type { FakeStorage } from '../../support/fake-cluster.ts';
import {
  at,
  type Bench,
  replicate,
  neverAborted as signal,
  startBench,
  storeOne,
} from './harness.ts';

const DOWNLOAD = downloadFile.code;
const large = { segmentSizeBytesMax: 64 * 1024 * 1024 };

function downloads(storage: FakeStorage): number {
  return storage.requests.filter((code) => code === DOWNLOAD).length;
}

/** A file on both servers of a group; the first one is its source and is read first. */
async function startWithFile(content: Buffer, count = 2) {
  const bench = await startBench({ group1: count }, large);
  const piece = await storeOne(bench, content);
  for (const replica of bench.storages.slice(1)) replicate(at(bench.storages, 0), replica);
  return { bench, piece };
}

/** Changes one byte of the only file. */
function damage(storage: FakeStorage, position: number): void {
  for (const [fileName, content] of storage.files) {
    const bytes = Buffer.from(content);
    bytes[position] = (bytes[position] ?? 0) ^ 1;
    storage.files.set(fileName, bytes);
  }
}

/** Cuts the only file, and answers as FastDFS does for what is beyond the end of a file. */
function truncate(storage: FakeStorage, size: number): void {
  for (const [fileName, content] of storage.files) {
    storage.files.set(fileName, content.subarray(0, size));
  }
  storage.intercept = (peer, { code, body }) => {
    if (code === queryFileInfo.code) {
      const info = { fileSize: size, modifiedAt: 1, crc32: 1, sourceHost: '127.0.0.1' };
      peer.answer(0, queryFileInfo.encodeResponse(info));
      return true;
    }
    if (code !== DOWNLOAD || downloadFile.decodeRequest(body).offset < size) return false;
    peer.answer(22);
    return true;
  };
}

function mismatches({ events }: Bench): BlobStoreEvent[] {
  return events.filter(({ kind }) => kind === 'checksum-mismatch');
}

/** What came before the end or the error. */
async function drain(stream: Readable): Promise<{ bytes: Buffer; error: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks), error: null };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
}

async function stream({ store }: Bench, ...pieces: FilePiece[]) {
  return drain(await store.open(pieces, { signal }));
}

describe('a damaged copy of a small file', () => {
  it('is replaced by another one unseen, reported once, and left alone', async () => {
    const content = randomBytes(5000);
    const { bench, piece } = await startWithFile(content);
    const source = at(bench.storages, 0);
    damage(source, 4321);
    for (let i = 0; i < 3; i += 1) {
      expect((await bench.store.read(piece, { signal })).equals(content)).toBe(true);
    }
    const server = renderAddress(source.address);
    expect(mismatches(bench)).toEqual([
      { kind: 'checksum-mismatch', direction: 'download', server, fileId: piece.fileId },
    ]);
    expect(bench.events).toContainEqual(expect.objectContaining({ kind: 'failover', server }));
    expect(downloads(source)).toBe(1);
  });

  it('is not used for ranges either once it is known', async () => {
    const content = randomBytes(5000);
    const { bench, piece } = await startWithFile(content);
    damage(at(bench.storages, 0), 100);
    await bench.store.read(piece, { signal });
    const range = { ...piece, offset: 50, size: 100 };
    expect(await bench.store.read(range, { signal })).toEqual(content.subarray(50, 150));
    expect(downloads(at(bench.storages, 0))).toBe(1);
  });

  it('is the only one: the read fails before its first byte', async () => {
    const { bench, piece } = await startWithFile(randomBytes(5000));
    for (const storage of bench.storages) damage(storage, 0);
    const corrupt = { reason: 'corrupt' };
    await expect(bench.store.open([piece], { signal })).rejects.toMatchObject(corrupt);
    await expect(bench.store.read(piece, { signal })).rejects.toMatchObject(corrupt);
    const range = { ...piece, offset: 1, size: 1 };
    await expect(bench.store.read(range, { signal })).rejects.toMatchObject(corrupt);
    expect(new Set(mismatches(bench).map((event) => 'server' in event && event.server)).size).toBe(
      2,
    );
  });

  it('is the only one that can be reached: the read may succeed later', async () => {
    const { bench, piece } = await startWithFile(randomBytes(5000));
    damage(at(bench.storages, 0), 0);
    await at(bench.storages, 1).stop();
    const unavailable = { reason: 'unavailable' };
    const range = { ...piece, offset: 1, size: 1 };
    await bench.store.read(piece, { signal }).catch(() => {});
    await expect(bench.store.read(range, { signal })).rejects.toMatchObject(unavailable);
  });

  it('was damaged on its way: the same server is asked again, and trusted again', async () => {
    const content = randomBytes(5000);
    const { bench, piece } = await startWithFile(content, 1);
    let answers = 0;
    at(bench.storages, 0).intercept = (peer, { code }) => {
      if (code !== DOWNLOAD) return false;
      answers += 1;
      const bytes = Buffer.from(content);
      if (answers === 1) bytes[7] = (bytes[7] ?? 0) ^ 1;
      peer.answer(0, bytes);
      return true;
    };
    expect((await bench.store.read(piece, { signal })).equals(content)).toBe(true);
    expect(mismatches(bench)).toHaveLength(1);
    at(bench.storages, 0).intercept = () => false;
    const range = { ...piece, offset: 5, size: 5 };
    expect(await bench.store.read(range, { signal })).toEqual(content.subarray(5, 10));
  });

  it('is replaced before its turn in a stream of several', async () => {
    const bench = await startBench({ group1: 2 });
    const content = randomBytes(2000);
    const files = await bench.store.storeBuffer(content, { signal });
    replicate(at(bench.storages, 0), at(bench.storages, 1));
    damage(at(bench.storages, 0), 500);
    const pieces = files.map(({ fileId, size }) => ({ fileId, offset: 0, size }));
    const { bytes, error } = await stream(bench, ...pieces);
    expect(error).toBeNull();
    expect(bytes.equals(content)).toBe(true);
    expect(mismatches(bench)).toHaveLength(2);
  });
});

describe('a damaged copy of a large file', () => {
  const content = randomBytes(3_000_000);

  it('is replaced unseen when only its end is damaged', async () => {
    const { bench, piece } = await startWithFile(content);
    damage(at(bench.storages, 0), content.length - 1);
    const { bytes, error } = await stream(bench, piece);
    expect(error).toBeNull();
    expect(bytes.equals(content)).toBe(true);
    expect(mismatches(bench)).toHaveLength(1);
  });

  it('breaks the body off when wrong bytes have left, and is left alone after that', async () => {
    const { bench, piece } = await startWithFile(content);
    damage(at(bench.storages, 0), 10);
    const { bytes, error } = await stream(bench, piece);
    expect(error).toMatchObject({ reason: 'corrupt' });
    expect(bytes.length).toBeLessThan(content.length);
    const again = await stream(bench, piece);
    expect(again.error).toBeNull();
    expect(again.bytes.equals(content)).toBe(true);
    expect(mismatches(bench)).toHaveLength(1);
  });

  it('never gives a whole body when there is no other', async () => {
    const { bench, piece } = await startWithFile(content, 1);
    damage(at(bench.storages, 0), content.length - 1);
    const { bytes, error } = await stream(bench, piece);
    expect(error).toMatchObject({ reason: 'corrupt' });
    expect(bytes.length).toBeLessThan(content.length);
    expect(bytes.equals(content.subarray(0, bytes.length))).toBe(true);
  });

  it('is found although another server gave the first part', async () => {
    const { bench, piece } = await startWithFile(content);
    const [source, replica] = [at(bench.storages, 0), at(bench.storages, 1)];
    damage(replica, content.length - 1);
    let tries = 0;
    source.intercept = (peer, { code }) => {
      if (code !== DOWNLOAD || tries > 0) return false;
      tries += 1;
      peer.write(encodeResponseHeader(0, content.length));
      peer.socket.end(content.subarray(0, 1_000_000));
      return true;
    };
    const { bytes, error } = await stream(bench, piece);
    expect(error).toBeNull();
    expect(bytes.equals(content)).toBe(true);
    const both = [replica, source].map(({ address }) => renderAddress(address));
    expect(mismatches(bench)[0]).toMatchObject({ server: `${both[1]} or ${both[0]}` });
  });
});

describe('a copy of another length', () => {
  it.each([
    ['is shorter', 4000],
    ['is empty', 0],
  ])('that %s is reported and replaced unseen', async (_name, size) => {
    const content = randomBytes(5000);
    const { bench, piece } = await startWithFile(content);
    truncate(at(bench.storages, 0), size);
    const { bytes, error } = await stream(bench, piece);
    expect(error).toBeNull();
    expect(bytes.equals(content)).toBe(true);
    expect(mismatches(bench)).toHaveLength(1);
    const range = { ...piece, offset: 4500, size: 100 };
    expect(await bench.store.read(range, { signal })).toEqual(content.subarray(4500, 4600));
    expect(downloads(at(bench.storages, 0))).toBe(1);
    // The server itself is as good as before.
    expect(bench.events).not.toContainEqual(expect.objectContaining({ kind: 'breaker' }));
  });

  it('shows in a range that begins behind its end', async () => {
    const content = randomBytes(5000);
    const { bench, piece } = await startWithFile(content);
    truncate(at(bench.storages, 0), 4000);
    const range = { ...piece, offset: 4500, size: 100 };
    expect(await bench.store.read(range, { signal })).toEqual(content.subarray(4500, 4600));
    expect(mismatches(bench)).toHaveLength(1);
  });
});
