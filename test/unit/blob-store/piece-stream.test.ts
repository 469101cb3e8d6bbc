import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { FilePiece } from '../../../src/blob-store/blob-store.ts';
import { downloadFile } from '../../../src/fastdfs/protocol/commands/download-file.ts';
import { queryFetchAll } from '../../../src/fastdfs/protocol/commands/query-fetch.ts';
import { encodeResponseHeader } from '../../../src/fastdfs/protocol/frame.ts';
import {
  at,
  readAll,
  readPieces,
  neverAborted as signal,
  startBench,
  storeOne,
} from './harness.ts';

const DOWNLOAD = downloadFile.code;
const large = { segmentSizeBytesMax: 64 * 1024 * 1024 };

describe('opening pieces', () => {
  it('reads them in order from their source, asking no tracker where they are', async () => {
    const bench = await startBench({ group1: 2 });
    const content = randomBytes(2500);
    const files = await bench.store.storeBuffer(content, { signal });
    const pieces = files.map(({ fileId, size }) => ({ fileId, offset: 0, size }));
    expect((await readPieces(bench.store, pieces)).equals(content)).toBe(true);
    expect(bench.tracker.requests).not.toContain(queryFetchAll.code);
    expect(at(bench.storages, 1).requests).toEqual([]);
  });

  it('reads ranges, from a sequence that comes step by step', async () => {
    const bench = await startBench();
    const content = randomBytes(900);
    const { fileId } = await storeOne(bench, content);
    async function* pieces(): AsyncGenerator<FilePiece, void, void> {
      yield { fileId, offset: 800, size: 100 };
      yield { fileId, offset: 5, size: 1 };
    }
    const expected = Buffer.concat([content.subarray(800), content.subarray(5, 6)]);
    expect(await readPieces(bench.store, pieces())).toEqual(expected);
  });

  it('is an empty stream when there are none', async () => {
    const { store } = await startBench();
    expect(await readPieces(store, [])).toEqual(Buffer.alloc(0));
  });

  it.each([
    ['beyond the end', { offset: 5, size: 6 }],
    ['without bytes', { offset: 0, size: 0 }],
    ['before the start', { offset: -1, size: 5 }],
  ])('refuses a range %s without asking a storage server', async (_name, range) => {
    const bench = await startBench();
    const { fileId } = await storeOne(bench, Buffer.alloc(10));
    const result = bench.store.open([{ fileId, ...range }], { signal });
    await expect(result).rejects.toMatchObject({ reason: 'corrupt' });
    expect(at(bench.storages, 0).requests).not.toContain(DOWNLOAD);
  });

  it('finds no file under a name that no storage server gives', async () => {
    const { store } = await startBench();
    const piece = { fileId: 'group1/M00/00/00/../../../etc/passwd', offset: 0, size: 1 };
    await expect(store.open([piece], { signal })).rejects.toMatchObject({ reason: 'not-found' });
  });

  it('opens the next piece before the present one ends, and no more than that', async () => {
    const bench = await startBench({ group1: 1 });
    const files = await bench.store.storeBuffer(randomBytes(4000), { signal });
    const pieces = files.map(({ fileId, size }) => ({ fileId, offset: 0, size }));
    const asked: string[] = [];
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    // The first piece's last byte is held back until the second piece has been asked for.
    at(bench.storages, 0).intercept = async (peer, { code, body }) => {
      if (code !== DOWNLOAD) return false;
      const { fileName } = downloadFile.decodeRequest(body);
      asked.push(fileName);
      if (asked.length === 2) release();
      if (asked.length > 1) return false;
      const content = at(bench.storages, 0).files.get(fileName) ?? Buffer.alloc(0);
      peer.write(encodeResponseHeader(0, content.length));
      peer.write(content.subarray(0, -1));
      await released;
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(asked).toHaveLength(2);
      peer.write(content.subarray(-1));
      return true;
    };
    const expected = Buffer.concat([...at(bench.storages, 0).files.values()]);
    expect((await readPieces(bench.store, pieces)).equals(expected)).toBe(true);
    expect(asked).toHaveLength(4);
  });

  it('destroys the stream with the error of the sequence of pieces', async () => {
    const bench = await startBench();
    const piece = await storeOne(bench, Buffer.alloc(10));
    const trouble = new Error('the index is gone');
    async function* pieces(): AsyncGenerator<FilePiece, void, void> {
      yield piece;
      throw trouble;
    }
    const stream = await bench.store.open(pieces(), { signal });
    await expect(readAll(stream)).rejects.toBe(trouble);
  });

  it('frees connections and the sequence of pieces when its reader leaves', async () => {
    const bench = await startBench({ group1: 1 }, large);
    const piece = await storeOne(bench, Buffer.alloc(32 * 1024 * 1024));
    let isFreed = false;
    async function* pieces(): AsyncGenerator<FilePiece, void, void> {
      try {
        yield piece;
        yield piece;
      } finally {
        isFreed = true;
      }
    }
    const stream = await bench.store.open(pieces(), { signal });
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(bench.closed).toEqual(['cancelled']);
    expect(isFreed).toBe(true);
  });

  it('frees a connection that the next piece gets after the reader has left', async () => {
    const bench = await startBench({ group1: 1 }, { ...large, connectionsPerServerMax: 1 });
    const piece = await storeOne(bench, Buffer.alloc(3 * 1024 * 1024));
    const other = await storeOne(bench, Buffer.alloc(3 * 1024 * 1024 + 1));
    const stream = await bench.store.open([piece, other], { signal });
    // The first piece has the only connection; with less than 2 MiB to come, the second waits.
    for (let size = 0; size < 2 * 1024 * 1024; ) {
      const chunk = stream.read();
      if (chunk === null) await new Promise((resolve) => stream.once('readable', resolve));
      else size += chunk.length;
    }
    stream.destroy();
    expect(await readPieces(bench.store, [{ ...piece, size: 5 }])).toEqual(Buffer.alloc(5));
  });

  it('opens a piece that got no connection before its turn when it has its turn', async () => {
    const settings = { ...large, connectionsPerServerMax: 1, connectionWaitTimeoutMs: 20 };
    const bench = await startBench({ group1: 1 }, settings);
    const content = randomBytes(4 * 1024 * 1024);
    const piece = await storeOne(bench, content);
    const stream = await bench.store.open([piece, piece], { signal });
    const chunks: Buffer[] = [];
    const isLong = () => Buffer.concat(chunks).length > 2.5 * 1024 * 1024;
    while (!isLong()) {
      const chunk = stream.read();
      if (chunk === null) await new Promise((resolve) => stream.once('readable', resolve));
      else chunks.push(chunk);
    }
    const failed = () => bench.store.poolStates().every(({ waitingCount }) => waitingCount === 0);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await expect.poll(failed).toBe(true);
    chunks.push(await readAll(stream));
    expect(Buffer.concat(chunks).equals(Buffer.concat([content, content]))).toBe(true);
  });

  it('lends the connection of a reader that pauses to others, and reads on later', async () => {
    const settings = { ...large, connectionsPerServerMax: 1, readerPauseMs: 20 };
    const bench = await startBench({ group1: 1 }, settings);
    const content = randomBytes(16 * 1024 * 1024);
    const piece = await storeOne(bench, content);
    const [first, second, third] = await Promise.all(
      [0, 1, 2].map(() => bench.store.open([piece, piece], { signal })),
    );
    for (const stream of [third, first, second]) {
      const bytes = await readAll(stream ?? Readable.from([]));
      expect(bytes.equals(Buffer.concat([content, content]))).toBe(true);
    }
  });

  it('ends with the reason of the signal while the reader pauses, and when it leaves', async () => {
    const settings = { ...large, connectionsPerServerMax: 1, readerPauseMs: 5 };
    const bench = await startBench({ group1: 1 }, settings);
    const piece = await storeOne(bench, Buffer.alloc(16 * 1024 * 1024));
    const cancel = new AbortController();
    const cancelled = await bench.store.open([piece], { signal: cancel.signal });
    await expect.poll(() => bench.closed).toEqual(['cancelled']);
    const failure = new Promise((resolve) => cancelled.once('error', resolve));
    cancel.abort(new Error('stopping'));
    expect(await failure).toMatchObject({ message: 'stopping' });
    const left = await bench.store.open([piece], { signal });
    await expect.poll(() => bench.closed).toEqual(['cancelled', 'cancelled']);
    left.destroy();
    await new Promise((resolve) => left.once('close', resolve));
    const downloads = () => at(bench.storages, 0).requests.filter((code) => code === DOWNLOAD);
    await new Promise((resolve) => setImmediate(resolve));
    expect(downloads()).toHaveLength(2);
  });

  it('ends with the reason of the signal', async () => {
    const bench = await startBench({ group1: 1 }, large);
    const piece = await storeOne(bench, Buffer.alloc(32 * 1024 * 1024));
    const cancel = new AbortController();
    const stream = await bench.store.open([piece], { signal: cancel.signal });
    cancel.abort(new Error('stopping'));
    await expect(readAll(stream)).rejects.toThrow('stopping');
  });
});
