import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CloseReason } from '../../../../src/fastdfs/client/close-reason.ts';
import { ContentSizeError, FastdfsStatusError } from '../../../../src/fastdfs/client/errors.ts';
import { type Content, StorageClient } from '../../../../src/fastdfs/client/storage-client.ts';
import { uploadFile } from '../../../../src/fastdfs/protocol/commands/upload-file.ts';
import { HEADER_SIZE } from '../../../../src/fastdfs/protocol/constants.ts';
import { type FakePeer, FakeServer } from '../../../support/fake-server.ts';
import { fileOf, observedPools, serve, serveReplies, until } from './harness.ts';

const MIB = 1024 * 1024;
const HEAD_SIZE = 15;
const STATUS_NO_SPACE = 28;

/**
 * The ports of the servers to which connections were reset. The other end cannot always tell a
 * reset from an orderly end, so we look at our own.
 */
let resets: (number | undefined)[] = [];

beforeEach(() => {
  vi.restoreAllMocks();
  resets = [];
  const reset = Socket.prototype.resetAndDestroy;
  vi.spyOn(Socket.prototype, 'resetAndDestroy').mockImplementation(function (this: Socket) {
    resets.push(this.remotePort);
    return reset.call(this);
  });
});

/** Others in this process may reset connections of theirs. */
function resetsTo(server: FakeServer): number {
  return resets.filter((port) => port === server.address.port).length;
}

async function* inChunks(content: Buffer, chunkSize: number): AsyncGenerator<Buffer, void, void> {
  for (let start = 0; start < content.length; start += chunkSize) {
    yield content.subarray(start, start + chunkSize);
  }
}

/** Gives a chunk, then nothing for ever; tells when it was given up. */
function endlessWait(chunk: Buffer): AsyncIterable<Buffer> & { readonly waits: () => boolean } {
  const pending = [chunk];
  let waits = false;
  return {
    waits: () => waits,
    [Symbol.asyncIterator]: () => ({
      next() {
        const value = pending.pop();
        if (value !== undefined) return Promise.resolve({ done: false as const, value });
        waits = true;
        return new Promise(() => {});
      },
    }),
  };
}

function upload(storage: StorageClient, server: FakeServer, size: number, content: Content) {
  const request = { storePathIndex: 0, fileSize: size, extension: 'bin' };
  return storage.uploadFile(server.address, request, content);
}

/** Stores what is uploaded, and answers with a file name. */
async function serveUploads(): Promise<{ server: FakeServer; stored: Buffer[] }> {
  const stored: Buffer[] = [];
  const server = await serveReplies((peer, { body }) => {
    stored.push(body.subarray(HEAD_SIZE));
    peer.answer(0, uploadFile.encodeResponse(fileOf(body.length - HEAD_SIZE)));
  });
  return { server, stored };
}

describe('an upload', () => {
  it.each([0, 1, 4096, 16 * 1024, 16 * 1024 + 1, 3 * MIB + 7])(
    'of %i bytes arrives whole, from a buffer and from a sequence',
    async (size) => {
      const { server, stored } = await serveUploads();
      const { pools, closed } = observedPools();
      const storage = new StorageClient(pools);
      const content = randomBytes(size);
      expect(await upload(storage, server, size, content)).toEqual(fileOf(size));
      expect(await upload(storage, server, size, inChunks(content, 64 * 1024 - 1))).toEqual(
        fileOf(size),
      );
      expect(stored).toHaveLength(2);
      expect(stored.every((bytes) => bytes.equals(content))).toBe(true);
      expect(server.peers).toHaveLength(1);
      expect(closed).toEqual([]);
    },
  );

  it('sends header, fixed part and content of a small file in one piece', async () => {
    const firstPiece = new Promise<number>((resolve) => {
      void FakeServer.start((peer) => {
        peer.socket.once('data', (bytes) => resolve(bytes.length));
      }).then(async (server) => {
        const { pools } = observedPools();
        await upload(new StorageClient(pools), server, 4096, Buffer.alloc(4096)).catch(() => {});
        await server.stop();
      });
    });
    expect(await firstPiece).toBe(HEADER_SIZE + HEAD_SIZE + 4096);
  });

  it('takes no more from its source than the server reads', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await serve(async (peer) => {
      peer.socket.pause();
      await released;
      peer.socket.resume();
      const request = await peer.request();
      peer.answer(0, uploadFile.encodeResponse(fileOf((request?.body.length ?? 0) - HEAD_SIZE)));
    });
    const { pools } = observedPools();
    const chunk = Buffer.alloc(256 * 1024);
    const size = 96 * MIB;
    let pulled = 0;
    async function* source() {
      while (pulled < size) {
        pulled += chunk.length;
        yield chunk;
      }
    }
    const uploaded = upload(new StorageClient(pools), server, size, source());
    let before = -1;
    while (pulled !== before) {
      before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // What the kernel holds for both sides, and our own write buffer.
    expect(pulled).toBeLessThan(48 * MIB);
    release();
    expect(await uploaded).toEqual(fileOf(size));
  });
});

describe('a refused upload', () => {
  /** Reads one buffer, as a storage server does, refuses, then reads what still comes. */
  async function refuse(peer: FakePeer): Promise<void> {
    await peer.read(256 * 1024);
    peer.answer(STATUS_NO_SPACE);
  }

  it('stops at once, with a reset, when its answer comes before its end', async () => {
    const server = await serve(refuse);
    const { pools, closed } = observedPools();
    const size = 256 * MIB;
    let pulled = 0;
    const chunk = Buffer.alloc(64 * 1024);
    async function* source() {
      for (; pulled < size; pulled += chunk.length) yield chunk;
    }
    const error = await upload(new StorageClient(pools), server, size, source()).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(FastdfsStatusError);
    expect(error).toMatchObject({ command: 'UPLOAD_FILE', fastdfsStatus: STATUS_NO_SPACE });
    expect(closed).toEqual(['early-answer']);
    expect(pulled).toBeLessThan(size / 2);
    expect(resetsTo(server)).toBe(1);
    await server.peers[0]?.ended;
    const pulledAtEnd = pulled;
    await new Promise((resolve) => setImmediate(resolve));
    expect(pulled).toBe(pulledAtEnd);
  });

  it('does not wait for a source that gives nothing more', async () => {
    const server = await serve(refuse);
    const { pools, closed } = observedPools();
    const source = endlessWait(Buffer.alloc(512 * 1024));
    const result = upload(new StorageClient(pools), server, MIB, source);
    await expect(result).rejects.toMatchObject({ fastdfsStatus: STATUS_NO_SPACE });
    expect(closed).toEqual(['early-answer']);
    expect(resetsTo(server)).toBe(1);
    await server.peers[0]?.ended;
  });

  it('costs the connection even if all was sent: nobody knows how much had been read', async () => {
    const server = await serveReplies((peer) => peer.answer(STATUS_NO_SPACE));
    const { pools, closed } = observedPools();
    const result = upload(new StorageClient(pools), server, 10, Buffer.alloc(10));
    await expect(result).rejects.toMatchObject({ fastdfsStatus: STATUS_NO_SPACE });
    expect(closed).toEqual(['content-refused']);
    expect(resetsTo(server)).toBe(1);
    await server.peers[0]?.ended;
  });

  it('shows its status when the server closes right after it', async () => {
    const server = await serve(async (peer) => {
      await peer.read(256 * 1024);
      peer.answer(STATUS_NO_SPACE);
      // Bytes unread at the time of a close make the kernel send a reset.
      peer.socket.destroy();
    });
    const { pools, closed } = observedPools();
    const source = endlessWait(Buffer.alloc(512 * 1024));
    const result = upload(new StorageClient(pools), server, MIB, source);
    await expect(result).rejects.toMatchObject({ fastdfsStatus: STATUS_NO_SPACE });
    expect(closed).toEqual(['early-answer']);
  });

  it('is an error of the connection when a file is named before its content has come', async () => {
    const server = await serve(async (peer) => {
      await peer.read(256 * 1024);
      peer.answer(0, uploadFile.encodeResponse(fileOf(MIB)));
    });
    const { pools, closed } = observedPools();
    const result = upload(
      new StorageClient(pools),
      server,
      MIB,
      endlessWait(Buffer.alloc(512 * 1024)),
    );
    await expect(result).rejects.toMatchObject({ name: 'FastdfsConnectionError', phase: 'send' });
    expect(closed).toEqual(['early-answer']);
  });
});

describe('content that is not as announced', () => {
  const trouble = new Error('signature of the last chunk is wrong');

  it.each<[string, () => AsyncIterable<Buffer>, unknown, CloseReason]>([
    [
      'ends early',
      () => inChunks(Buffer.alloc(MIB - 1), 1000),
      expect.any(ContentSizeError),
      'content-failed',
    ],
    [
      'goes on too long',
      () => inChunks(Buffer.alloc(MIB + 1), 1000),
      expect.any(ContentSizeError),
      'content-failed',
    ],
    [
      'throws in its middle',
      async function* () {
        yield Buffer.alloc(1000);
        throw trouble;
      },
      trouble,
      'content-failed',
    ],
    [
      'throws behind its last byte',
      async function* () {
        yield Buffer.alloc(MIB);
        throw trouble;
      },
      trouble,
      'content-failed',
    ],
  ])('never becomes a file when it %s', async (_name, content, expected, reason) => {
    const { server, stored } = await serveUploads();
    const { pools, closed } = observedPools();
    const error = await upload(new StorageClient(pools), server, MIB, content()).catch(
      (e: unknown) => e,
    );
    expect(error).toEqual(expected);
    expect(closed).toEqual([reason]);
    await server.peers[0]?.ended;
    expect(stored).toEqual([]);
  });

  it('is refused without a word to the server when it is a buffer of another size', async () => {
    const { server } = await serveUploads();
    const { pools } = observedPools();
    const result = upload(new StorageClient(pools), server, 5, Buffer.alloc(6));
    await expect(result).rejects.toBeInstanceOf(ContentSizeError);
    expect(server.peers).toHaveLength(0);
  });
});

describe('an upload that is cancelled or broken off', () => {
  it('gives its source up and resets the connection', async () => {
    const server = await serve(() => {});
    const { pools, closed } = observedPools();
    const cancel = new AbortController();
    const giveUp = vi.fn();
    async function* source() {
      try {
        for (;;) {
          yield Buffer.alloc(1000);
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        giveUp();
      }
    }
    const request = { storePathIndex: 0, fileSize: MIB * 1024, extension: '' };
    const result = new StorageClient(pools).uploadFile(server.address, request, source(), {
      signal: cancel.signal,
    });
    await until(() => (server.peers[0]?.bytesReceived ?? 0) > 10_000);
    cancel.abort(new Error('the client is gone'));
    await expect(result).rejects.toThrow('the client is gone');
    expect(closed).toEqual(['cancelled']);
    expect(resetsTo(server)).toBe(1);
    await server.peers[0]?.ended;
    await until(() => giveUp.mock.calls.length > 0);
  });

  it('fails in the send phase when the server goes away, and is not ambiguous', async () => {
    const server = await serve(async (peer) => {
      await peer.read(100_000);
      peer.socket.resetAndDestroy();
    });
    const { pools, closed } = observedPools();
    const result = upload(
      new StorageClient(pools),
      server,
      MIB,
      endlessWait(Buffer.alloc(200_000)),
    );
    await expect(result).rejects.toMatchObject({ phase: 'send', ambiguous: false });
    expect(closed).toEqual(['io-error']);
  });

  it('outlasts a source that pauses for longer than the server may', async () => {
    const { server, stored } = await serveUploads();
    const { pools, closed } = observedPools({ idleTimeoutMs: 30, commandTimeoutMs: 40 });
    async function* source() {
      for (let i = 0; i < 3; i++) {
        yield Buffer.alloc(1000);
        await new Promise((resolve) => setTimeout(resolve, 80));
      }
    }
    await upload(new StorageClient(pools), server, 3000, source());
    expect(stored).toEqual([Buffer.alloc(3000)]);
    expect(closed).toEqual([]);
  });

  it('times out when the server reads no more', async () => {
    const server = await serve((peer) => {
      peer.socket.pause();
    });
    const { pools, closed } = observedPools({ idleTimeoutMs: 50 });
    const size = 64 * MIB;
    const result = upload(new StorageClient(pools), server, size, Buffer.alloc(size));
    await expect(result).rejects.toMatchObject({ timeoutName: 'idleTimeoutMs', phase: 'send' });
    expect(closed).toEqual(['timeout']);
  });
});
