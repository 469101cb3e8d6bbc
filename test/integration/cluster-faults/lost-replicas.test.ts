import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { filesOnDisks, newFilesOf, sourceNodeOf } from '../../support/cluster/disks.ts';
import { waitUntilActive } from '../../support/cluster/wait-until-active.ts';
import { storagesOf, trackersOf } from '../../support/cluster-control.ts';
import { run } from '../../support/command-line.ts';
import {
  type FaultyCluster,
  noteFigures,
  randomObject,
  startFaultyCluster,
} from '../../support/faulty-cluster.ts';
import { gatewayEnvironment } from '../../support/gateway-process.ts';

const OBJECTS = 5;
const REPAIR_MS_MAX = 60_000;

/** Puts objects whose storage servers are killed before they have handed them on. */
async function loseReplicas(cluster: FaultyCluster): Promise<Map<string, Buffer>> {
  const { control, embedded } = cluster;
  for (const storage of embedded?.storages ?? []) {
    storage.changeLog.delayMs = Number.POSITIVE_INFINITY;
  }
  const contents = new Map<string, Buffer>();
  const fileIds = await newFilesOf(cluster, async () => {
    for (let number = 0; number < OBJECTS; number += 1) {
      const content = randomObject(1000 * (number + 1));
      contents.set(`object-${number}`, content);
      await cluster.put(`object-${number}`, content);
    }
  });
  const sources = new Set(fileIds.map((fileId) => sourceNodeOf(cluster, fileId).name));
  for (const name of sources) await control.kill(name);
  for (const storage of embedded?.storages ?? []) storage.changeLog.delayMs = 50;
  for (const name of sources) await control.start(name);
  await waitUntilActive(trackersOf(control), storagesOf(control).length);
  // A real storage server may have been faster than the kill.
  if (embedded) expect(await countAlone(cluster)).toBe(OBJECTS);
  return contents;
}

/** Files that are on one storage server only. */
async function countAlone(cluster: FaultyCluster): Promise<number> {
  const nodes = [...(await filesOnDisks(cluster)).values()];
  return nodes.filter((names) => names.length === 1).length;
}

/** Resolves when there are none of these. */
async function untilMended(cluster: FaultyCluster): Promise<number> {
  const startedAtMs = performance.now();
  await vi.waitFor(
    async () => {
      expect(await countAlone(cluster)).toBe(0);
    },
    { timeout: REPAIR_MS_MAX, interval: 200 },
  );
  return performance.now() - startedAtMs;
}

/** Reads everything while each storage server in turn is down. */
async function expectToSurviveAnyServer(
  cluster: FaultyCluster,
  contents: ReadonlyMap<string, Buffer>,
): Promise<void> {
  const { control } = cluster;
  for (const { name } of storagesOf(control)) {
    await control.stop(name);
    for (const [key, content] of contents) {
      expect((await cluster.get(key)).equals(content), `${key} without ${name}`).toBe(true);
    }
    await control.start(name);
    await waitUntilActive(trackersOf(control), storagesOf(control).length);
  }
}

describe('files whose replicas will never come', () => {
  let cluster: FaultyCluster;
  beforeAll(async () => {
    const env = { GATEWAY_REPLICA_CHECK: '1s', GATEWAY_REPLICA_REPAIR_AFTER: '4s' };
    cluster = await startFaultyCluster({}, { ...env, GATEWAY_DELETE_DELAY: '1s' });
  });
  afterAll(() => cluster.close());

  it('are stored anew by the running gateway, and nothing is lost with any server', async () => {
    const contents = await loseReplicas(cluster);
    const mendedAfterMs = await untilMended(cluster);
    noteFigures('lost-replicas', { objects: OBJECTS, mendedAfterMs: Math.round(mendedAfterMs) });
    await expectToSurviveAnyServer(cluster, contents);
  }, 180_000);
});

describe('without looks at new files', () => {
  let cluster: FaultyCluster;
  beforeAll(async () => {
    const env = { GATEWAY_REPLICA_CHECK: 'off', GATEWAY_DELETE_DELAY: '1s' };
    cluster = await startFaultyCluster({}, env);
  });
  afterAll(() => cluster.close());

  async function replicas(...options: string[]) {
    const trackers = trackersOf(cluster.control).map(({ host, port }) => `${host}:${port}`);
    const env = {
      ...gatewayEnvironment(cluster.gateway.dataDir),
      FASTDFS_TRACKERS: trackers.join(','),
      GATEWAY_REPLICA_REPAIR_AFTER: '1s',
    };
    const commandLine = ['dist/cli/main.js', 'replicas', '--json', ...options];
    const { code, stdout, stderr } = await run(process.execPath, commandLine, { env });
    expect(stderr).toBe('');
    return { code, report: JSON.parse(stdout) };
  }

  it('the command finds such files, and mends them when it is told to', async () => {
    const contents = await loseReplicas(cluster);
    await vi.waitFor(async () => {
      const found = await replicas();
      expect(found).toMatchObject({ code: 1, report: { files: OBJECTS, young: 0, repaired: 0 } });
      expect(found.report.findings.length).toBe(found.report.singleCopy);
    }, 30_000);
    const mended = await replicas('--repair');
    expect(mended.code).toBe(0);
    expect(mended.report.repaired).toBe(mended.report.singleCopy);
    expect(await replicas()).toMatchObject({ code: 0, report: { whole: OBJECTS, findings: [] } });
    await untilMended(cluster);
    await expectToSurviveAnyServer(cluster, contents);
  }, 180_000);
});
