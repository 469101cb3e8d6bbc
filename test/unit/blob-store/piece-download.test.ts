import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { downloadFile } from '../../../src/fastdfs/protocol/commands/download-file.ts';
import { encodeResponseHeader } from '../../../src/fastdfs/protocol/frame.ts';
import type { FakeStorage } from '../../support/fake-cluster.ts';
import {
  at,
  readPieces,
  replicate,
  neverAborted as signal,
  startBench,
  storeOne,
} from './harness.ts';

const DOWNLOAD = downloadFile.code;
const NOT_FOUND = 2;
const large = { segmentSizeBytesMax: 64 * 1024 * 1024 };

/** Answers downloads from its files, but breaks off after so many bytes of the body. */
function breakOffAfter(storage: FakeStorage, bytes: number): void {
  storage.intercept = (peer, { code, body }) => {
    if (code !== DOWNLOAD) return false;
    const { fileName, offset, size } = downloadFile.decodeRequest(body);
    const content = storage.files.get(fileName)?.subarray(offset, offset + size);
    peer.write(encodeResponseHeader(0, size));
    peer.socket.end(content?.subarray(0, bytes) ?? '');
    return true;
  };
}

describe('a file is read from another storage server', () => {
  it('when its source is down', async () => {
    const bench = await startBench();
    const content = randomBytes(100);
    const piece = await storeOne(bench, content);
    replicate(at(bench.storages, 0), at(bench.storages, 1));
    await at(bench.storages, 0).stop();
    expect(await readPieces(bench.store, [piece])).toEqual(content);
    expect(await readPieces(bench.store, [piece])).toEqual(content);
    // The second time the dead one is not tried first.
    const failures = bench.closed.filter((reason) => reason === 'connect-failed');
    expect(failures).toHaveLength(1);
  });

  it('when its source has lost it', async () => {
    const bench = await startBench();
    const content = randomBytes(100);
    const piece = await storeOne(bench, content);
    replicate(at(bench.storages, 0), at(bench.storages, 1));
    at(bench.storages, 0).files.clear();
    expect(await readPieces(bench.store, [piece])).toEqual(content);
  });

  it.each([1, 999, 60_000])('when its source dies after %i bytes of the body', async (bytes) => {
    const bench = await startBench({ group1: 2 }, large);
    const content = randomBytes(100_000);
    const { fileId } = await storeOne(bench, content);
    const [source, replica] = [at(bench.storages, 0), at(bench.storages, 1)];
    replicate(source, replica);
    breakOffAfter(source, bytes);
    const range = { fileId, offset: 10, size: 99_000 };
    expect((await readPieces(bench.store, [range])).equals(content.subarray(10, 99_010))).toBe(
      true,
    );
    // The replica gave only what was missing.
    expect(source.requests.filter((code) => code === DOWNLOAD)).toHaveLength(1);
    expect(replica.requests.filter((code) => code === DOWNLOAD)).toHaveLength(1);
  });

  it('again and again while each try brings some bytes', async () => {
    const bench = await startBench({ group1: 2 }, large);
    const content = randomBytes(10_000);
    const piece = await storeOne(bench, content);
    replicate(at(bench.storages, 0), at(bench.storages, 1));
    for (const storage of bench.storages) breakOffAfter(storage, 1000);
    expect((await readPieces(bench.store, [piece])).equals(content)).toBe(true);
  });

  it('when its source announces another length than the file has', async () => {
    const bench = await startBench();
    const content = randomBytes(100);
    const piece = await storeOne(bench, content);
    replicate(at(bench.storages, 0), at(bench.storages, 1));
    at(bench.storages, 0).intercept = (peer) => {
      peer.answer(0, Buffer.alloc(99));
      return true;
    };
    expect(await readPieces(bench.store, [piece])).toEqual(content);
  });
});

describe('a file that cannot be read', () => {
  it('does not exist when its source and all others say so', async () => {
    const bench = await startBench();
    const piece = await storeOne(bench, Buffer.alloc(10));
    at(bench.storages, 0).files.clear();
    const result = bench.store.open([piece], { signal });
    await expect(result).rejects.toMatchObject({ reason: 'not-found' });
  });

  it('may exist when only a replica says that it does not', async () => {
    const bench = await startBench();
    const piece = await storeOne(bench, Buffer.alloc(10));
    await at(bench.storages, 0).stop();
    const result = bench.store.open([piece], { signal });
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
  });

  it('is available again with its source, without a restart', async () => {
    const bench = await startBench();
    const content = randomBytes(10);
    const piece = await storeOne(bench, content);
    for (const storage of bench.storages) await storage.stop();
    await bench.tracker.stop();
    const result = bench.store.open([piece], { signal });
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
    for (const storage of bench.storages) await storage.start();
    await bench.tracker.start();
    expect(await readPieces(bench.store, [piece])).toEqual(content);
  });

  it('never looks whole when it breaks off for good', async () => {
    const bench = await startBench({ group1: 1 }, large);
    const piece = await storeOne(bench, randomBytes(10_000));
    let tries = 0;
    at(bench.storages, 0).intercept = (peer, { code }) => {
      if (code !== DOWNLOAD) return false;
      tries += 1;
      const start = Buffer.concat([encodeResponseHeader(0, 10_000), Buffer.alloc(1000)]);
      peer.socket.end(tries === 1 ? start : '');
      return true;
    };
    const stream = await bench.store.open([piece], { signal });
    const received: Buffer[] = [];
    const result = (async () => {
      for await (const chunk of stream) received.push(chunk);
    })();
    await expect(result).rejects.toMatchObject({ reason: 'unavailable' });
    expect(Buffer.concat(received).length).toBe(1000);
  });

  it('fails before it is opened, not after, when another piece follows', async () => {
    const bench = await startBench();
    const piece = await storeOne(bench, Buffer.alloc(10));
    at(bench.storages, 0).intercept = (peer) => {
      peer.answer(NOT_FOUND);
      return true;
    };
    const result = bench.store.open([piece, piece], { signal });
    await expect(result).rejects.toMatchObject({ reason: 'not-found' });
  });
});
