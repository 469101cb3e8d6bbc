import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { CloseReason } from '../../../../src/fastdfs/client/close-reason.ts';
import { FastdfsConnectionError } from '../../../../src/fastdfs/client/errors.ts';
import { StorageClient } from '../../../../src/fastdfs/client/storage-client.ts';
import { downloadFile } from '../../../../src/fastdfs/protocol/commands/download-file.ts';
import { encodeResponseHeader } from '../../../../src/fastdfs/protocol/frame.ts';
import type { FakePeer, FakeServer } from '../../../support/fake-server.ts';
import { fileOf, observedPools, serve, serveReplies, until } from './harness.ts';

const MIB = 1024 * 1024;

function open(storage: StorageClient, server: FakeServer, size: number): Promise<Readable> {
  return storage.downloadFile(server.address, { ...fileOf(size), offset: 0, size });
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Serves downloads of parts of `content`. */
function serveContent(content: Buffer): Promise<FakeServer> {
  return serveReplies((peer, { body }) => {
    const { offset, size } = downloadFile.decodeRequest(body);
    peer.answer(0, content.subarray(offset, offset + size));
  });
}

/** Writes as fast as the client reads; tells how many bytes the kernel has taken. */
function serveEndlessly(size: number): { taken: () => number; script: (peer: FakePeer) => void } {
  let taken = 0;
  const chunk = Buffer.alloc(256 * 1024, 7);
  const script = async (peer: FakePeer) => {
    await peer.request();
    peer.write(encodeResponseHeader(0, size));
    while (taken < size && !peer.socket.destroyed) {
      await new Promise<void>((resolve) => peer.socket.write(chunk, () => resolve()));
      taken += chunk.length;
    }
  };
  return { taken: () => taken, script };
}

describe('a download', () => {
  it.each([1, 4096, 16 * 1024 - 10, 16 * 1024 - 9, 5 * MIB + 3])(
    'of %i bytes comes whole, twice on one connection',
    async (size) => {
      const content = randomBytes(size);
      const server = await serveContent(content);
      const { pools, closed } = observedPools();
      const storage = new StorageClient(pools);
      expect((await readAll(await open(storage, server, size))).equals(content)).toBe(true);
      expect((await readAll(await open(storage, server, size))).equals(content)).toBe(true);
      expect(server.peers).toHaveLength(1);
      expect(closed).toEqual([]);
    },
  );

  it('keeps chunks as they are while the next download is read', async () => {
    const contents = [randomBytes(3000), randomBytes(3000)];
    let turn = 0;
    const server = await serveReplies((peer) => peer.answer(0, contents[turn++ % 2]));
    const { pools } = observedPools();
    const storage = new StorageClient(pools);
    const first = await readAll(await open(storage, server, 3000));
    const second = await readAll(await open(storage, server, 3000));
    expect([first, second]).toEqual(contents);
    expect(server.peers).toHaveLength(1);
  });

  it('is put together from single bytes', async () => {
    const content = randomBytes(40);
    const server = await serveReplies(async (peer) => {
      for (const byte of Buffer.concat([encodeResponseHeader(0, content.length), content])) {
        peer.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const { pools } = observedPools();
    const stream = await open(new StorageClient(pools), server, 40);
    expect(await readAll(stream)).toEqual(content);
  });

  it('waits for its reader without taking more memory or a time limit', async () => {
    const size = 96 * MIB;
    const { taken, script } = serveEndlessly(size);
    const server = await serve(script);
    const { pools, closed } = observedPools({ idleTimeoutMs: 250, commandTimeoutMs: 300 });
    const stream = await open(new StorageClient(pools), server, size);
    let before = -1;
    while (taken() !== before) {
      before = taken();
      await new Promise((resolve) => setTimeout(resolve, 350));
    }
    expect(stream.readableLength).toBeLessThan(2 * MIB);
    // The rest of what left the server waits in the kernel.
    expect(taken()).toBeLessThan(48 * MIB);
    const hash = createHash('md5');
    for await (const chunk of stream) hash.update(chunk);
    const expected = createHash('md5').update(Buffer.alloc(size, 7)).digest('hex');
    expect(hash.digest('hex')).toBe(expected);
    expect(closed).toEqual([]);
  });

  it('still times out when the server stalls after a pause of the reader', async () => {
    const server = await serve(async (peer) => {
      await peer.request();
      peer.write(Buffer.concat([encodeResponseHeader(0, 64 * MIB), Buffer.alloc(8 * MIB)]));
    });
    const { pools, closed } = observedPools({ idleTimeoutMs: 40 });
    const stream = await open(new StorageClient(pools), server, 64 * MIB);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(closed).toEqual([]);
    await expect(readAll(stream)).rejects.toMatchObject({ timeoutName: 'idleTimeoutMs' });
    expect(closed).toEqual(['timeout']);
  });
});

describe('a download that does not end well', () => {
  it.each<[string, (peer: FakePeer) => void, CloseReason]>([
    ['the server closes', (peer) => peer.socket.end(), 'server-closed'],
    ['the server stalls', () => {}, 'timeout'],
  ])('destroys the stream when %s in mid-body', async (_name, stop, reason) => {
    const server = await serve(async (peer) => {
      await peer.request();
      peer.write(Buffer.concat([encodeResponseHeader(0, MIB), Buffer.alloc(1000, 1)]));
      stop(peer);
    });
    const { pools, closed } = observedPools({ idleTimeoutMs: 60 });
    const stream = await open(new StorageClient(pools), server, MIB);
    const received: Buffer[] = [];
    const error = await (async () => {
      for await (const chunk of stream) received.push(chunk);
    })().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FastdfsConnectionError);
    expect(error).toMatchObject({ command: 'DOWNLOAD_FILE', phase: 'receive' });
    expect(Buffer.concat(received)).toEqual(Buffer.alloc(1000, 1));
    expect(closed).toEqual([reason]);
  });

  it('gives all its bytes but not its connection back when more than announced come', async () => {
    const server = await serveReplies((peer) => {
      peer.write(Buffer.concat([encodeResponseHeader(0, 10), Buffer.alloc(12, 3)]));
    });
    const { pools, closed } = observedPools();
    const stream = await open(new StorageClient(pools), server, 10);
    expect(await readAll(stream)).toEqual(Buffer.alloc(10, 3));
    expect(closed).toEqual(['extra-bytes']);
  });

  it('closes its connection when its reader gives it up, and the next one has another', async () => {
    const size = 32 * MIB;
    const server = await serveContent(Buffer.alloc(size));
    const { pools, closed } = observedPools();
    const storage = new StorageClient(pools);
    const stream = await open(storage, server, size);
    stream.destroy();
    await until(() => closed.length > 0);
    expect(closed).toEqual(['cancelled']);
    expect(await readAll(await open(storage, server, 5))).toEqual(Buffer.alloc(5));
    expect(server.peers).toHaveLength(2);
  });

  it('fails with the reason of its signal, also while the reader pauses', async () => {
    const size = 32 * MIB;
    const server = await serveContent(Buffer.alloc(size));
    const { pools, closed } = observedPools();
    const cancel = new AbortController();
    const stream = await new StorageClient(pools).downloadFile(
      server.address,
      { ...fileOf(size), offset: 0, size },
      cancel.signal,
    );
    cancel.abort(new Error('stopping'));
    await expect(readAll(stream)).rejects.toThrow('stopping');
    expect(closed).toEqual(['cancelled']);
  });

  it.each([
    [0, 0, 0],
    [10, 10, 0],
    [10, 11, 1],
    [10, 5, 6],
  ])('is not asked for: file of %i bytes, offset %i, size %i', async (fileSize, offset, size) => {
    const server = await serveContent(Buffer.alloc(100));
    const { pools } = observedPools();
    const request = { ...fileOf(fileSize), offset, size };
    const result = new StorageClient(pools).downloadFile(server.address, request);
    await expect(result).rejects.toBeInstanceOf(RangeError);
    expect(server.peers).toHaveLength(0);
  });
});
