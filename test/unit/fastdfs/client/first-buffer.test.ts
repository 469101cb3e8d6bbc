import { describe, expect, it } from 'vitest';
import { pausingAfter } from '../../../../src/fastdfs/client/first-buffer.ts';
import { StorageClient } from '../../../../src/fastdfs/client/storage-client.ts';
import { uploadFile } from '../../../../src/fastdfs/protocol/commands/upload-file.ts';
import { STORAGE_BUFFER_SIZE } from '../../../../src/fastdfs/protocol/constants.ts';
import { fileOf, observedPools, serve, serveReplies, until } from './harness.ts';

const MIB = 1024 * 1024;
const STATUS_NO_SPACE = 28;
/** A limit that no test reaches: what ends the wait is the answer. */
const LONG_MS = 60_000;

async function* inChunks(sizes: readonly number[]): AsyncGenerator<Buffer, void, void> {
  for (const [index, size] of sizes.entries()) yield Buffer.alloc(size, index + 1);
}

describe('content', () => {
  it.each([
    [[10], [], [10]],
    [[5, 5], [], [5, 5]],
    [[11], [10], [10, 1]],
    [[4, 0, 20, 3], [10], [4, 0, 6, 14, 3]],
    [[10, 1, 2], [10], [10, 1, 2]],
  ])('in chunks of %j pauses behind %j bytes of ten', async (sizes, pausedAt, expected) => {
    const pauses: number[] = [];
    const given: Buffer[] = [];
    const sizeOfGiven = () => given.reduce((sum, chunk) => sum + chunk.length, 0);
    const content = pausingAfter(10, inChunks(sizes), async () => {
      pauses.push(sizeOfGiven());
    });
    for await (const chunk of content) given.push(chunk);
    expect(pauses).toEqual(pausedAt);
    expect(given.map((chunk) => chunk.length)).toEqual(expected);
    const whole: Buffer[] = [];
    for await (const chunk of inChunks(sizes)) whole.push(chunk);
    expect(Buffer.concat(given)).toEqual(Buffer.concat(whole));
  });

  it('is given up when its reader is', async () => {
    let isGivenUp = false;
    async function* source() {
      try {
        for (;;) yield Buffer.alloc(100);
      } finally {
        isGivenUp = true;
      }
    }
    for await (const chunk of pausingAfter(10, source(), async () => {})) {
      if (chunk.length === 90) break;
    }
    expect(isGivenUp).toBe(true);
  });
});

describe('an upload to a server that may be full', () => {
  const request = { storePathIndex: 0, fileSize: 3 * MIB, extension: 'bin' };
  const contents: [string, () => Buffer | AsyncIterable<Buffer>][] = [
    ['a buffer', () => Buffer.alloc(3 * MIB)],
    ['a sequence', () => inChunks([MIB, MIB, MIB])],
  ];

  it.each(contents)(
    'sends no byte of %s behind the first buffer of a refused one',
    async (_kind, content) => {
      const server = await serve(async (peer) => {
        await peer.read(STORAGE_BUFFER_SIZE);
        peer.answer(STATUS_NO_SPACE);
      });
      const { pools, closed } = observedPools();
      const result = new StorageClient(pools).uploadFile(server.address, request, content(), {
        refusalWaitMs: LONG_MS,
      });
      await expect(result).rejects.toMatchObject({ fastdfsStatus: STATUS_NO_SPACE });
      await server.peers[0]?.ended;
      expect(server.peers[0]?.bytesReceived).toBe(STORAGE_BUFFER_SIZE);
      expect(closed).toEqual(['early-answer']);
    },
  );

  it.each(contents)('goes on with %s when no refusal comes', async (_kind, content) => {
    const server = await serveReplies((peer, { body }) => {
      peer.answer(0, uploadFile.encodeResponse(fileOf(body.length)));
    });
    const { pools } = observedPools();
    const stored = new StorageClient(pools).uploadFile(server.address, request, content(), {
      // Long enough to be seen waiting on a busy machine.
      refusalWaitMs: 500,
    });
    await until(() => (server.peers[0]?.bytesReceived ?? 0) === STORAGE_BUFFER_SIZE);
    expect(await stored).toEqual(fileOf(3 * MIB + 15));
  });

  it('waits for nothing when all of it fits in the buffer', async () => {
    const server = await serveReplies((peer, { body }) => {
      peer.answer(0, uploadFile.encodeResponse(fileOf(body.length)));
    });
    const { pools } = observedPools();
    const fileSize = STORAGE_BUFFER_SIZE - 25;
    const stored = await new StorageClient(pools).uploadFile(
      server.address,
      { ...request, fileSize },
      Buffer.alloc(fileSize),
      { refusalWaitMs: LONG_MS },
    );
    expect(stored).toEqual(fileOf(fileSize + 15));
  });

  it('ends with its signal', async () => {
    const server = await serve(() => {});
    const { pools, closed } = observedPools();
    const cancel = new AbortController();
    const result = new StorageClient(pools).uploadFile(
      server.address,
      request,
      Buffer.alloc(3 * MIB),
      {
        signal: cancel.signal,
        refusalWaitMs: LONG_MS,
      },
    );
    await until(() => (server.peers[0]?.bytesReceived ?? 0) === STORAGE_BUFFER_SIZE);
    cancel.abort(new Error('the client is gone'));
    await expect(result).rejects.toThrow('the client is gone');
    expect(closed).toEqual(['cancelled']);
  });
});
