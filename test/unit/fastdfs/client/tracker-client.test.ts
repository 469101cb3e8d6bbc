import { describe, expect, it } from 'vitest';
import {
  FastdfsConnectionError,
  FastdfsStatusError,
  TrackersUnreachableError,
} from '../../../../src/fastdfs/client/errors.ts';
import type { ServerAddress } from '../../../../src/fastdfs/client/server-address.ts';
import { ServerHealth } from '../../../../src/fastdfs/client/server-health.ts';
import type { ServerPools } from '../../../../src/fastdfs/client/server-pools.ts';
import { TrackerClient } from '../../../../src/fastdfs/client/tracker-client.ts';
import { listAllGroups } from '../../../../src/fastdfs/protocol/commands/list-groups.ts';
import { queryStoreWithoutGroupOne } from '../../../../src/fastdfs/protocol/commands/query-store.ts';
import { closedPort, FakeServer } from '../../../support/fake-server.ts';
import { observedPools, onCleanup, serve, serveReplies, until } from './harness.ts';

const target = { groupName: 'group1', host: '10.77.1.11', port: 23_000, storePathIndex: 0 };
const AVOID_MS = 60_000;

function trackersAt(...addresses: ServerAddress[]): TrackerClient {
  return trackersOn(observedPools({ idleTimeoutMs: 50 }).pools, addresses);
}

function trackersOn(pools: ServerPools, addresses: readonly ServerAddress[]): TrackerClient {
  const health = new ServerHealth({ coolOffMs: AVOID_MS, coolOffMsMax: AVOID_MS });
  return new TrackerClient(pools, addresses, health);
}

/** A tracker that answers with a status, or with the target when it is 0; it counts. */
async function tracker(status: number): Promise<{ address: ServerAddress; asked: () => number }> {
  let asked = 0;
  const server = await serveReplies((peer) => {
    asked += 1;
    if (status !== 0) peer.answer(status);
    else peer.answer(0, queryStoreWithoutGroupOne.encodeResponse(target));
  });
  return { address: server.address, asked: () => asked };
}

describe('several trackers', () => {
  it('are asked in turn', async () => {
    const trackers = [await tracker(0), await tracker(0), await tracker(0)];
    const client = trackersAt(...trackers.map(({ address }) => address));
    for (let i = 0; i < 9; i++) expect(await client.queryStore(null)).toEqual(target);
    expect(trackers.map(({ asked }) => asked())).toEqual([3, 3, 3]);
  });

  it.each([2, 28, 12])(
    'stand in for one that answers %i, which is asked again next time',
    async (status) => {
      const [unsure, sure] = [await tracker(status), await tracker(0)];
      const client = trackersAt(unsure.address, sure.address);
      for (let i = 0; i < 4; i++) expect(await client.queryStore(null)).toEqual(target);
      expect(unsure.asked()).toBe(2);
      expect(sure.asked()).toBe(4);
    },
  );

  it('take one back that failed, when it answers, even if it refuses', async () => {
    const { address } = await tracker(2);
    const health = new ServerHealth({ coolOffMs: 0, coolOffMsMax: 0 });
    health.failed(address, 'read', new FastdfsConnectionError('X', address, 'connect', 'down'));
    const client = new TrackerClient(observedPools().pools, [address], health);
    await expect(client.queryStore(null)).rejects.toThrow(FastdfsStatusError);
    expect(health.state(address, 'read')).toBe('closed');
  });

  it('try one that failed again after a request that was cancelled', async () => {
    const { address } = await serve(() => {});
    const health = new ServerHealth({ coolOffMs: 0, coolOffMsMax: 0 });
    health.failed(address, 'read', new FastdfsConnectionError('X', address, 'connect', 'down'));
    const client = new TrackerClient(observedPools().pools, [address], health);
    const cancelling = new AbortController();
    const asking = client.queryStore(null, cancelling.signal);
    expect(health.isAvoided(address, 'read')).toBe(true);
    cancelling.abort(new Error('the client is gone'));
    await expect(asking).rejects.toThrow('the client is gone');
    expect(health.isAvoided(address, 'read')).toBe(false);
  });

  it.each<[string, () => Promise<ServerAddress>]>([
    ['nobody listens at', closedPort],
    ['closes', async () => (await serve((peer) => void peer.socket.destroy())).address],
    ['stalls', async () => (await serve(() => {})).address],
  ])('stand in for one that %s, which is left out for a while', async (_name, makeBad) => {
    const bad = await makeBad();
    const good = await tracker(0);
    const client = trackersAt(bad, good.address);
    for (let i = 0; i < 6; i++) expect(await client.queryStore(null)).toEqual(target);
    expect(good.asked()).toBe(6);
  });

  it('stand in at once for one that is silent, when the first request has waited for it', async () => {
    const silent = await serve(() => {});
    const good = await tracker(0);
    const { pools, closed } = observedPools({ responseTimeoutMs: 50 });
    const client = trackersOn(pools, [silent.address, good.address]);
    const answers = Array.from({ length: 20 }, () => client.queryStore(null));
    expect(await Promise.all(answers)).toEqual(answers.map(() => target));
    expect(closed[0]).toBe('timeout');
    expect(new Set(closed.slice(1))).toEqual(new Set(['abandoned']));
  });

  it('wait for the answers of the only one there is', async () => {
    const unsteady = await serve(async (peer, number) => {
      await peer.request();
      if (number > 1) peer.answer(0, queryStoreWithoutGroupOne.encodeResponse(target));
    });
    const { pools, closed } = observedPools({ responseTimeoutMs: 300 });
    const client = trackersOn(pools, [unsteady.address]);
    const first = client.queryStore(null).catch((error: unknown) => error);
    await until(() => (unsteady.peers[0]?.bytesReceived ?? 0) > 0);
    expect(await client.queryStore(null)).toEqual(target);
    expect(await first).toBeInstanceOf(TrackersUnreachableError);
    expect(closed).toEqual(['timeout']);
  });

  it('pass on a refusal that no other tracker would see differently', async () => {
    const [wrong, other] = [await tracker(22), await tracker(22)];
    const client = trackersAt(wrong.address, other.address);
    await expect(client.queryStore(null)).rejects.toMatchObject({ fastdfsStatus: 22 });
    expect(wrong.asked() + other.asked()).toBe(1);
  });

  it.each([
    [28, 2, 28],
    [2, 28, 28],
    [2, 2, 2],
    [12, 2, 12],
    [2, 12, 12],
    [12, 28, 28],
  ])('that answer %i and %i mean %i', async (first, second, verdict) => {
    const client = trackersAt((await tracker(first)).address, (await tracker(second)).address);
    const error = await client.queryStore(null).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FastdfsStatusError);
    expect(error).toMatchObject({ fastdfsStatus: verdict });
  });

  it('that are all down are named in the error, and found again when they are back', async () => {
    const [first, second] = [await closedPort(), await closedPort()];
    const client = trackersAt(first, second);
    const error = await client.queryStore(null).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TrackersUnreachableError);
    expect(String(error)).toContain(`127.0.0.1:${first.port}`);
    expect(String(error)).toContain(`127.0.0.1:${second.port}`);

    const script = async (peer: Parameters<Parameters<typeof FakeServer.start>[0]>[0]) => {
      await peer.request();
      peer.answer(0, queryStoreWithoutGroupOne.encodeResponse(target));
    };
    const revived = await FakeServer.start(script, second.port);
    onCleanup(() => revived.stop());
    expect(await client.queryStore(null)).toEqual(target);
  });

  it('are not asked further when the signal is aborted', async () => {
    const other = await tracker(0);
    const cancel = new AbortController();
    const server = await serveReplies(() => cancel.abort(new Error('over')));
    const client = trackersAt(other.address, server.address);
    await expect(client.queryStore(null, cancel.signal)).rejects.toThrow('over');
    expect(other.asked()).toBe(0);
  });

  it('list the cluster one at a time, so that what they disagree on does not flap', async () => {
    const asked = [0, 0];
    const lister = (index: number) =>
      serveReplies((peer) => {
        asked[index] = (asked[index] ?? 0) + 1;
        peer.answer(0, listAllGroups.encodeResponse([]));
      });
    const servers = [await lister(0), await lister(1)];
    const client = trackersAt(...servers.map(({ address }) => address));
    for (let i = 0; i < 4; i++) await client.listGroups();
    expect(asked.toSorted()).toEqual([0, 4]);
    await servers[asked[0] === 4 ? 0 : 1]?.stop();
    for (let i = 0; i < 4; i++) await client.listGroups();
    expect(asked).toEqual([4, 4]);
  });

  it('must be at least one', () => {
    expect(() => trackersAt()).toThrow(RangeError);
  });
});
