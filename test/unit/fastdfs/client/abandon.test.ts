import { describe, expect, it } from 'vitest';
import { StorageClient } from '../../../../src/fastdfs/client/storage-client.ts';
import { FASTDFS_STATUS } from '../../../../src/fastdfs/protocol/errors.ts';
import { fileOf, observedPools, serve, serveReplies, until } from './harness.ts';

const CAUSE = new Error('no ping came back');
const UPLOAD = { storePathIndex: 0, fileSize: 8, extension: '' };

describe('a server that is found dead', () => {
  it('keeps neither those who wait for a connection nor those who wait for its answer', async () => {
    const server = await serve(() => {});
    const { pools, closed } = observedPools({ connectionsPerServerMax: 1 });
    const storage = new StorageClient(pools);
    const results = Promise.allSettled([
      storage.activeTest(server.address),
      storage.deleteFile(server.address, fileOf(1)),
    ]);
    await until(() => (server.peers[0]?.bytesReceived ?? 0) > 0);
    pools.abandon(server.address, CAUSE, 0);
    const message = expect.stringContaining('found dead: no ping came back');
    expect(await results).toMatchObject([
      { reason: { command: 'ACTIVE_TEST', phase: 'receive', message, cause: CAUSE } },
      { reason: { command: 'DELETE_FILE', phase: 'connect', message, cause: CAUSE } },
    ]);
    expect(closed).toEqual(['abandoned']);
    expect(pools.states()).toMatchObject([{ connectionCount: 0, waitingCount: 0 }]);
  });

  it('fails connections that are being opened', async () => {
    // The address is of a block kept for documentation (RFC 5737): nobody answers there.
    const address = { host: '192.0.2.1', port: 23_000 };
    const { pools } = observedPools();
    const opened = new StorageClient(pools).activeTest(address);
    const failed = expect(opened).rejects.toMatchObject({ phase: 'connect' });
    await until(() => pools.states().length > 0);
    pools.abandon(address, CAUSE, 0);
    await failed;
  });

  it('loses its idle connections, and is tried again when it is asked for', async () => {
    const server = await serveReplies((peer) => peer.answer(0));
    const { pools, closed } = observedPools();
    const storage = new StorageClient(pools);
    await storage.activeTest(server.address);
    pools.abandon(server.address, CAUSE, 60_000);
    expect(closed).toEqual(['abandoned']);
    await storage.activeTest(server.address);
    expect(server.peers).toHaveLength(2);
  });

  it('is not asked again for what a reused connection did not answer', async () => {
    const server = await serve(async (peer) => {
      await peer.request();
      peer.answer(0);
    });
    const { pools } = observedPools();
    const storage = new StorageClient(pools);
    await storage.activeTest(server.address);
    const asked = storage.activeTest(server.address);
    await until(() => (server.peers[0]?.bytesReceived ?? 0) > 10);
    pools.abandon(server.address, CAUSE, 0);
    await expect(asked).rejects.toMatchObject({ phase: 'receive' });
    expect(server.peers).toHaveLength(1);
  });

  it('may end what had bytes under way a moment ago', async () => {
    const server = await serve(() => {});
    const { pools, closed } = observedPools();
    const asked = new StorageClient(pools).activeTest(server.address);
    await until(() => (server.peers[0]?.bytesReceived ?? 0) > 0);
    pools.abandon(server.address, CAUSE, 60_000);
    server.peers[0]?.answer(0);
    await asked;
    expect(closed).toEqual([]);
  });

  it('may end uploads whose source is slow', async () => {
    const server = await serve(async (peer) => {
      await peer.request();
      peer.answer(FASTDFS_STATUS.noSpace);
    });
    const { pools } = observedPools();
    let sendRest = () => {};
    const rest = new Promise<void>((resolve) => {
      sendRest = resolve;
    });
    async function* content() {
      yield Buffer.alloc(4);
      await rest;
      yield Buffer.alloc(4);
    }
    const uploaded = new StorageClient(pools).uploadFile(server.address, UPLOAD, content());
    await until(() => (server.peers[0]?.bytesReceived ?? 0) > 0);
    pools.abandon(server.address, CAUSE, 0);
    sendRest();
    await expect(uploaded).rejects.toMatchObject({ fastdfsStatus: FASTDFS_STATUS.noSpace });
  });

  it('is nothing to speak of when nobody talks to it', () => {
    const { pools } = observedPools();
    pools.abandon({ host: '127.0.0.1', port: 1 }, CAUSE, 0);
    expect(pools.states()).toEqual([]);
  });
});
