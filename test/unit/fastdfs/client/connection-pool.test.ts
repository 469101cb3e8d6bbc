import { afterEach, describe, expect, it, vi } from 'vitest';
import { execute } from '../../../../src/fastdfs/client/exchanges.ts';
import type { ServerPools } from '../../../../src/fastdfs/client/server-pools.ts';
import { StorageClient } from '../../../../src/fastdfs/client/storage-client.ts';
import { activeTest } from '../../../../src/fastdfs/protocol/commands/active-test.ts';
import { deleteFile } from '../../../../src/fastdfs/protocol/commands/delete-file.ts';
import type { FakePeer, FakeServer } from '../../../support/fake-server.ts';
import { fileOf, observedPools, serve, serveReplies, until } from './harness.ts';

const REPLAYABLE = { command: 'ACTIVE_TEST', isReplayable: true };

/** Answers everything with success, one request at a time for all clients, as `release` says. */
async function serveOnDemand(): Promise<{ server: FakeServer; release: () => void }> {
  const waiting: FakePeer[] = [];
  const server = await serveReplies((peer) => {
    waiting.push(peer);
  });
  return { server, release: () => waiting.shift()?.answer(0) };
}

/** Borrows a connection until the returned function is called. */
function hold(pools: ServerPools, server: FakeServer): () => void {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  void pools.withConnection(server.address, REPLAYABLE, async (connection) => {
    await execute(connection, activeTest, undefined);
    await ended;
  });
  return end;
}

describe('a pool', () => {
  it('opens no more connections than allowed and serves those who wait in turn', async () => {
    const { server, release } = await serveOnDemand();
    const { pools } = observedPools({ connectionsPerServerMax: 2 });
    const storage = new StorageClient(pools);
    const done: number[] = [];
    const all = Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (i) => {
        await storage.activeTest(server.address);
        done.push(i);
      }),
    );
    for (let i = 0; i < 6; i++) {
      await until(() => {
        release();
        return done.length > i;
      });
    }
    await all;
    expect(server.peers).toHaveLength(2);
    expect([...done].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    // The first two run side by side; the others come one by one, in the order of their asking.
    expect(done.slice(2)).toEqual([2, 3, 4, 5]);
  });

  it('refuses more waiting borrowers than it has places for', async () => {
    const { server } = await serveOnDemand();
    const { pools } = observedPools({
      connectionsPerServerMax: 1,
      connectionWaitersPerServerMax: 1,
    });
    const storage = new StorageClient(pools);
    const stop = new AbortController();
    const first = storage.activeTest(server.address, stop.signal);
    const second = storage.activeTest(server.address, stop.signal);
    await expect(storage.activeTest(server.address)).rejects.toMatchObject({
      phase: 'queue',
      ambiguous: false,
      message: expect.stringContaining('1 others wait already'),
    });
    stop.abort(new Error('over'));
    await expect(first).rejects.toThrow('over');
    await expect(second).rejects.toThrow('over');
  });

  it('lets nobody wait for longer than the limit', async () => {
    const { server, release } = await serveOnDemand();
    const { pools } = observedPools({ connectionsPerServerMax: 1, connectionWaitTimeoutMs: 30 });
    const storage = new StorageClient(pools);
    let isAnswered = false;
    const first = storage.activeTest(server.address).then(() => {
      isAnswered = true;
    });
    await expect(storage.activeTest(server.address)).rejects.toMatchObject({
      timeoutName: 'connectionWaitTimeoutMs',
      phase: 'queue',
    });
    // The request may still be on its way.
    await until(() => {
      release();
      return isAnswered;
    });
    await first;
  });

  it('gives the place of a connection that failed to the next who waits', async () => {
    const server = await serve(async (peer, number) => {
      await peer.request();
      if (number === 1) peer.socket.destroy();
      else peer.answer(0);
    });
    const { pools, closed } = observedPools({ connectionsPerServerMax: 1 });
    const storage = new StorageClient(pools);
    const first = storage.activeTest(server.address);
    const second = storage.activeTest(server.address);
    await expect(first).rejects.toMatchObject({ phase: 'receive' });
    await second;
    expect(closed).toEqual(['server-closed']);
    expect(server.peers).toHaveLength(2);
  });

  it('prefers the connection that was used last', async () => {
    const server = await serveReplies((peer) => peer.answer(0));
    const { pools } = observedPools();
    const ends = [hold(pools, server), hold(pools, server), hold(pools, server)];
    await until(() => server.peers.length === 3);
    await until(() => server.peers.every((peer) => peer.bytesReceived > 0));
    for (const end of ends) end();
    await new Promise((resolve) => setImmediate(resolve));
    const storage = new StorageClient(pools);
    for (let i = 0; i < 5; i++) await storage.activeTest(server.address);
    const received = server.peers.map((peer) => peer.bytesReceived);
    expect(received.sort((a, b) => a - b)).toEqual([10, 10, 60]);
  });

  it('closes connections that nobody has used for their lifetime', async () => {
    const server = await serveReplies((peer) => peer.answer(0));
    const { pools, closed } = observedPools({ idleConnectionLifetimeMs: 20 });
    await new StorageClient(pools).activeTest(server.address);
    await until(() => closed.length > 0);
    expect(closed).toEqual(['idle-expired']);
  });

  it('keeps no more idle connections than allowed', async () => {
    const server = await serveReplies((peer) => peer.answer(0));
    const { pools, closed } = observedPools({ idleConnectionsPerServerMax: 1 });
    const ends = [hold(pools, server), hold(pools, server), hold(pools, server)];
    await until(() => server.peers.length === 3);
    await until(() => server.peers.every((peer) => peer.bytesReceived > 0));
    for (const end of ends) end();
    await until(() => closed.length === 2);
    expect(closed).toEqual(['idle-expired', 'idle-expired']);
  });

  it('closes a connection whose borrower left in mid-exchange', async () => {
    const server = await serve(() => {});
    const { pools, closed } = observedPools();
    await pools.withConnection(server.address, REPLAYABLE, async (connection) => {
      execute(connection, activeTest, undefined).catch(() => {});
    });
    expect(closed).toEqual(['cancelled']);
  });

  it('closes all when it is closed, and fails who waits', async () => {
    const { server } = await serveOnDemand();
    const { pools, closed } = observedPools({ connectionsPerServerMax: 1 });
    const storage = new StorageClient(pools);
    const results = Promise.allSettled([
      storage.activeTest(server.address),
      storage.deleteFile(server.address, fileOf(1)),
    ]);
    await until(() => (server.peers[0]?.bytesReceived ?? 0) > 0);
    pools.close();
    expect(await results).toMatchObject([
      { reason: { command: 'ACTIVE_TEST', phase: 'receive' } },
      { reason: { command: 'DELETE_FILE', phase: 'queue' } },
    ]);
    expect(closed).toEqual(['pool-closed']);
    await expect(storage.activeTest(server.address)).rejects.toThrow('the client was closed');
  });

  it('opens no connection to another server once it is closed', async () => {
    const server = await serveReplies((peer) => peer.answer(0));
    const { pools } = observedPools();
    pools.close();
    const asking = new StorageClient(pools).activeTest(server.address);
    await expect(asking).rejects.toThrow('the client was closed');
    expect(server.peers).toHaveLength(0);
  });
});

describe('a reused connection that turns out to be dead', () => {
  /** Serves one request on the first connection and drops the second one unanswered. */
  function serveOnceThenDrop(): Promise<FakeServer> {
    return serve(async (peer, number) => {
      for (let requests = 1; await peer.request(); requests++) {
        if (number === 1 && requests === 2) peer.socket.resetAndDestroy();
        else peer.answer(0);
      }
    });
  }

  it('is replaced once, unseen, when the request can be sent again', async () => {
    const server = await serveOnceThenDrop();
    const { pools, closed } = observedPools();
    const storage = new StorageClient(pools);
    await storage.activeTest(server.address);
    await storage.activeTest(server.address);
    expect(server.peers).toHaveLength(2);
    expect(closed).toEqual(['io-error']);
  });

  it('fails the request when that cannot be sent again', async () => {
    const server = await serveOnceThenDrop();
    const { pools } = observedPools();
    const storage = new StorageClient(pools);
    await storage.activeTest(server.address);
    const result = storage.send(server.address, activeTest, undefined, undefined, false);
    await expect(result).rejects.toMatchObject({ phase: 'receive', ambiguous: true });
    expect(server.peers).toHaveLength(1);
  });

  it('fails the request when the fresh connection is dropped too', async () => {
    const server = await serve(async (peer, number) => {
      for (let requests = 1; await peer.request(); requests++) {
        if (number > 1 || requests === 2) peer.socket.resetAndDestroy();
        else peer.answer(0);
      }
    });
    const { pools } = observedPools();
    const storage = new StorageClient(pools);
    await storage.activeTest(server.address);
    await expect(storage.activeTest(server.address)).rejects.toMatchObject({ phase: 'receive' });
    expect(server.peers).toHaveLength(2);
  });

  it('fails the request once part of the answer has come', async () => {
    const server = await serve(async (peer) => {
      for (let requests = 1; await peer.request(); requests++) {
        if (requests === 1) peer.answer(0);
        else {
          peer.write(Buffer.of(0));
          peer.socket.end();
        }
      }
    });
    const { pools } = observedPools();
    const storage = new StorageClient(pools);
    await storage.activeTest(server.address);
    const result = storage.deleteFile(server.address, fileOf(1));
    await expect(result).rejects.toMatchObject({ phase: 'receive' });
    expect(server.peers).toHaveLength(1);
  });

  it('is not even tried when the server has closed it', async () => {
    const server = await serveReplies((peer) => peer.answer(0));
    const { pools, closed } = observedPools();
    const storage = new StorageClient(pools);
    await storage.activeTest(server.address);
    server.peers[0]?.socket.destroy();
    await until(() => closed.length > 0);
    await storage.activeTest(server.address);
    expect(closed).toEqual(['server-closed']);
    expect(server.peers[0]?.bytesReceived).toBe(10);
  });
});

describe('a connection that was idle for a while', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Makes all that is idle look 10 seconds old. */
  function letTimePass(): void {
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 10_000);
  }

  it('is probed before a request that cannot be sent again', async () => {
    const codes: number[] = [];
    const server = await serveReplies((peer, { code }) => {
      codes.push(code);
      peer.answer(0);
    });
    const storage = new StorageClient(observedPools().pools);
    await storage.activeTest(server.address);
    await storage.send(server.address, deleteFile, fileOf(1), undefined, false);
    letTimePass();
    await storage.send(server.address, deleteFile, fileOf(1), undefined, false);
    await storage.deleteFile(server.address, fileOf(1));
    const probe = activeTest.code;
    expect(codes).toEqual([probe, deleteFile.code, probe, deleteFile.code, deleteFile.code]);
    expect(server.peers).toHaveLength(1);
  });

  it('is not replaced when all are closed during the probe', async () => {
    const { pools } = observedPools();
    let requests = 0;
    const server = await serveReplies((peer) => {
      requests += 1;
      if (requests === 1) peer.answer(0);
      else pools.close();
    });
    const storage = new StorageClient(pools);
    await storage.activeTest(server.address);
    letTimePass();
    const deleting = storage.send(server.address, deleteFile, fileOf(1), undefined, false);
    await expect(deleting).rejects.toThrow('the client was closed');
    expect(server.peers).toHaveLength(1);
  });

  it('is replaced when the probe finds it dead', async () => {
    const server = await serve(async (peer, number) => {
      for (let requests = 1; await peer.request(); requests++) {
        if (number === 1 && requests > 1) peer.socket.resetAndDestroy();
        else peer.answer(0);
      }
    });
    const { pools, closed } = observedPools();
    const storage = new StorageClient(pools);
    await storage.activeTest(server.address);
    letTimePass();
    await storage.send(server.address, deleteFile, fileOf(1), undefined, false);
    expect(server.peers).toHaveLength(2);
    expect(closed).toEqual(['io-error']);
  });
});
