import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { CloseReason } from '../../../../src/fastdfs/client/close-reason.ts';
import {
  FastdfsConnectionError,
  FastdfsStatusError,
  FastdfsTimeoutError,
} from '../../../../src/fastdfs/client/errors.ts';
import { StorageClient } from '../../../../src/fastdfs/client/storage-client.ts';
import { queryFileInfo } from '../../../../src/fastdfs/protocol/commands/query-file-info.ts';
import { encodeResponseHeader } from '../../../../src/fastdfs/protocol/frame.ts';
import { closedPort } from '../../../support/fake-server.ts';
import { fileOf, observedPools, serve, serveReplies, until } from './harness.ts';

const info = { fileSize: 77, modifiedAt: 1_700_000_000, crc32: 5, sourceHost: '10.77.1.11' };
const infoRequest = { ...fileOf(77), skipCrc32: true, isMissingExpected: false };
const nothing = Buffer.alloc(0);

/** A header as no codec of ours would write it. */
function rawHeader(bodyLength: bigint, code: number, status: number): Buffer {
  const header = encodeResponseHeader(status);
  header.writeBigInt64BE(bodyLength, 0);
  header[8] = code;
  return header;
}

describe('the response to a command', () => {
  it('is understood in single bytes, and the connection is used again', async () => {
    const server = await serveReplies(async (peer) => {
      const body = queryFileInfo.encodeResponse(info);
      const bytes = Buffer.concat([encodeResponseHeader(0, body.length), body]);
      for (const byte of bytes) {
        peer.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const { pools, closed } = observedPools();
    const storage = new StorageClient(pools);
    expect(await storage.queryFileInfo(server.address, infoRequest)).toEqual(info);
    expect(await storage.queryFileInfo(server.address, infoRequest)).toEqual(info);
    expect(server.peers).toHaveLength(1);
    expect(closed).toEqual([]);
  });

  it.each<[string, number, number, CloseReason[], number]>([
    ['2 leaves the connection in step', 2, 0, [], 1],
    ['28 leaves the connection in step', 28, 0, [], 1],
    ['22 is followed by a close', 22, 0, ['status-22', 'status-22'], 2],
    [
      '2 with a length is never followed by a body',
      2,
      512,
      ['status-with-length', 'status-with-length'],
      2,
    ],
  ])('with status %s', async (_name, status, bodyLength, reasons, connections) => {
    const server = await serveReplies((peer) =>
      peer.write(rawHeader(BigInt(bodyLength), 100, status)),
    );
    const { pools, closed } = observedPools();
    const storage = new StorageClient(pools);
    for (let i = 0; i < 2; i++) {
      const error = await storage
        .queryFileInfo(server.address, infoRequest)
        .catch((e: unknown) => e);
      expect(error).toBeInstanceOf(FastdfsStatusError);
      expect(error).toMatchObject({
        command: 'QUERY_FILE_INFO',
        address: server.address,
        fastdfsStatus: status,
      });
    }
    expect(closed).toEqual(reasons);
    expect(server.peers).toHaveLength(connections);
  });

  it('counts when bytes follow it that belong to nothing, but the connection is closed', async () => {
    const server = await serveReplies((peer) => {
      const body = queryFileInfo.encodeResponse(info);
      peer.write(Buffer.concat([encodeResponseHeader(0, body.length), body, Buffer.of(0)]));
    });
    const { pools, closed } = observedPools();
    const storage = new StorageClient(pools);
    expect(await storage.queryFileInfo(server.address, infoRequest)).toEqual(info);
    expect(closed).toEqual(['extra-bytes']);
  });

  it.each([
    ['another command code', rawHeader(0n, 99, 0)],
    ['a negative length', rawHeader(-1n, 100, 0)],
    ['a length beyond all sense', rawHeader(2n ** 62n, 100, 0)],
    ['more bytes than any list has', rawHeader(2n ** 31n, 100, 0)],
    ['a body that is too short', Buffer.concat([rawHeader(3n, 100, 0), Buffer.alloc(3)])],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('with %s is an error of the connection', async (_name, bytes) => {
    const server = await serveReplies((peer) => peer.write(bytes));
    const { pools, closed } = observedPools();
    const result = new StorageClient(pools).queryFileInfo(server.address, infoRequest);
    await expect(result).rejects.toBeInstanceOf(FastdfsConnectionError);
    await expect(result).rejects.toMatchObject({ phase: 'receive' });
    expect(closed).toEqual(['malformed-response']);
  });

  it('that nobody asked for closes an idle connection', async () => {
    const server = await serveReplies((peer) => peer.answer(0));
    const { pools, closed } = observedPools();
    await new StorageClient(pools).activeTest(server.address);
    server.peers[0]?.answer(0);
    await until(() => closed.length > 0);
    expect(closed).toEqual(['extra-bytes']);
  });
});

describe('a command fails', () => {
  it('in the connect phase when nobody listens, and nothing was done', async () => {
    const { pools, closed } = observedPools();
    const error = await new StorageClient(pools)
      .deleteFile(await closedPort(), fileOf(1))
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FastdfsConnectionError);
    expect(error).toMatchObject({ command: 'DELETE_FILE', phase: 'connect', ambiguous: false });
    expect(closed).toEqual(['connect-failed']);
  });

  it('in the connect phase when the server never answers the connection', async () => {
    // No address on loopback does that, so the system call is left out.
    const connect = vi.spyOn(Socket.prototype, 'connect').mockReturnThis();
    const { pools, closed } = observedPools({ connectTimeoutMs: 20 });
    const address = { host: '127.0.0.1', port: 1 };
    const result = new StorageClient(pools).activeTest(address);
    await expect(result).rejects.toMatchObject({
      timeoutName: 'connectTimeoutMs',
      phase: 'connect',
      ambiguous: false,
    });
    connect.mockRestore();
    expect(closed).toEqual(['timeout']);
  });

  it.each([
    ['in order', false],
    ['with a reset', true],
  ])('ambiguously when the server closes %s before it answers', async (_name, isReset) => {
    const server = await serve(async (peer) => {
      await peer.request();
      if (isReset) peer.socket.resetAndDestroy();
      else peer.socket.destroy();
    });
    const { pools, closed } = observedPools();
    const error = await new StorageClient(pools)
      .deleteFile(server.address, fileOf(1))
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ phase: 'receive', ambiguous: true, address: server.address });
    expect(closed).toEqual([isReset ? 'io-error' : 'server-closed']);
  });

  it.each([
    ['idleTimeoutMs', { idleTimeoutMs: 30 }, nothing],
    ['commandTimeoutMs', { commandTimeoutMs: 30 }, nothing],
    ['idleTimeoutMs', { idleTimeoutMs: 30 }, Buffer.of(0, 0, 0)],
    ['responseTimeoutMs', { responseTimeoutMs: 30 }, nothing],
    ['responseTimeoutMs', { responseTimeoutMs: 30 }, Buffer.of(0, 0, 0)],
  ])('by its %s when the server stalls', async (timeoutName, settings, answerStart) => {
    const server = await serveReplies((peer) => peer.write(answerStart));
    const { pools, closed } = observedPools(settings);
    const result = new StorageClient(pools).deleteFile(server.address, fileOf(1));
    await expect(result).rejects.toBeInstanceOf(FastdfsTimeoutError);
    await expect(result).rejects.toMatchObject({ timeoutName, phase: 'receive' });
    expect(closed).toEqual(['timeout']);
  });

  it('by its whole time limit when the answer trickles', async () => {
    const server = await serveReplies(async (peer) => {
      const header = rawHeader(500n, 100, 0);
      peer.write(header);
      while (!peer.socket.destroyed) {
        peer.write(Buffer.of(0));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const { pools, closed } = observedPools({ commandTimeoutMs: 60 });
    const result = new StorageClient(pools).queryFileInfo(server.address, infoRequest);
    await expect(result).rejects.toMatchObject({ timeoutName: 'commandTimeoutMs' });
    expect(closed).toEqual(['timeout']);
  });

  it('with the reason of the signal that cancels it', async () => {
    const cancel = new AbortController();
    const server = await serveReplies(() => cancel.abort(new Error('enough')));
    const { pools, closed } = observedPools();
    const result = new StorageClient(pools).activeTest(server.address, cancel.signal);
    await expect(result).rejects.toThrow('enough');
    expect(closed).toEqual(['cancelled']);
  });

  it('before anything is sent when the signal was aborted before', async () => {
    const server = await serveReplies((peer) => peer.answer(0));
    const { pools } = observedPools();
    const storage = new StorageClient(pools);
    await storage.activeTest(server.address);
    const bytesBefore = server.peers[0]?.bytesReceived;
    const result = storage.activeTest(server.address, AbortSignal.abort(new Error('too late')));
    await expect(result).rejects.toThrow('too late');
    await storage.activeTest(server.address);
    expect(server.peers).toHaveLength(1);
    expect(server.peers[0]?.bytesReceived).toBe(2 * (bytesBefore ?? 0));
  });
});
