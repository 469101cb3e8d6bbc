import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { queryFetchAll } from '../../../src/fastdfs/protocol/commands/query-fetch.ts';
import { queryStoreWithoutGroupOne } from '../../../src/fastdfs/protocol/commands/query-store.ts';
import { RESPONSE_LAYOUTS } from '../../../src/fastdfs/protocol/response-layout.ts';
import { hasIpv6 } from '../../support/fake-server.ts';
import { at, type Bench, contentOf, replicate, startBench, storeOne } from './harness.ts';

const { signal } = new AbortController();
const content = randomBytes(900);
const isMissing = !(await hasIpv6());

/** IPv6 needs storage ids, and the trackers answer with addresses 46 bytes wide (45 in queries). */
function startIpv6(): Promise<Bench> {
  const layout = RESPONSE_LAYOUTS['6.16-ipv6'];
  return startBench({ group1: 2 }, {}, { host: '::1', layout });
}

describe.skipIf(isMissing)(
  `a cluster with IPv6 addresses${isMissing ? ' (no ::1 here)' : ''}`,
  () => {
    it('takes files and gives them back', async () => {
      const bench = await startIpv6();
      const piece = await storeOne(bench, content);
      expect(await bench.store.read(piece, { signal })).toEqual(content);
      expect(contentOf(bench.storages)).toEqual(content);
      expect(bench.tracker.requests).toContain(queryStoreWithoutGroupOne.code);
    });

    it('names its servers with brackets', async () => {
      const bench = await startIpv6();
      const piece = await storeOne(bench, content);
      const [source, replica] = bench.storages.map(({ address }) => `[::1]:${address.port}`);
      expect(await bench.store.findCopies(piece.fileId, { signal })).toMatchObject([
        { server: source, isSource: true, state: 'present' },
        { server: replica, isSource: false, state: 'missing' },
      ]);
      const pools = bench.store.poolStates().map(({ server }) => server);
      expect(pools).toContain(`[::1]:${bench.tracker.address.port}`);
      expect(pools).toContain(source);
    });

    it('finds the source of a file by its storage id, and a replica when that is down', async () => {
      const bench = await startIpv6();
      const piece = await storeOne(bench, content);
      replicate(at(bench.storages, 0), at(bench.storages, 1));
      expect(await bench.store.read(piece, { signal })).toEqual(content);
      expect(bench.tracker.requests).not.toContain(queryFetchAll.code);
      await at(bench.storages, 0).stop();
      expect(await bench.store.read(piece, { signal })).toEqual(content);
    });

    it('has its addresses in errors', async () => {
      const bench = await startIpv6();
      const piece = await storeOne(bench, content);
      for (const storage of bench.storages) await storage.stop();
      const read = bench.store.read(piece, { signal });
      await expect(read).rejects.toThrow(/at \[::1\]:\d+ failed/);
    });

    it('deletes files', async () => {
      const bench = await startIpv6();
      const piece = await storeOne(bench, content);
      await bench.store.delete(piece.fileId, { signal });
      expect(contentOf(bench.storages)).toHaveLength(0);
    });
  },
);
