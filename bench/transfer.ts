/**
 * PUT and GET through the gateway and straight through the native client to the same storage
 * servers, taking turns in one run. What counts is the ratio: the absolute figures belong to the
 * machine. Run by hand:
 *
 *   npm run bench:transfer                                     the embedded node
 *   FASTDFS_TRACKERS=host:port,… npm run bench:transfer        a cluster
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { startBenchGateway } from './bench-gateway.ts';
import { GatewaySide } from './gateway-side.ts';
import { NativeSide } from './native-side.ts';
import { report, rounded } from './report.ts';
import { type RunResult, runConcurrently, type Summary, summarize } from './statistics.ts';

interface Workload {
  readonly name: string;
  readonly sizeBytes: number;
  readonly concurrency: number;
  /** Operations of one round and side. */
  readonly operations: number;
  readonly rounds: number;
}

const workloads: readonly Workload[] = [
  { name: '4 KiB', sizeBytes: 4096, concurrency: 32, operations: 8_000, rounds: 5 },
  { name: '64 MiB', sizeBytes: 64 * 2 ** 20, concurrency: 4, operations: 16, rounds: 3 },
];

interface Comparison {
  readonly workload: string;
  readonly method: 'PUT' | 'GET';
  readonly native: Summary;
  readonly gateway: Summary;
  /** Throughput of the gateway over that of the native client. */
  readonly ratio: number;
}

const gatewayProcess = await startBenchGateway();
const native = new NativeSide(gatewayProcess.trackers);
const gateway = new GatewaySide(gatewayProcess.endpoint);
const comparisons: Comparison[] = [];
try {
  await gateway.connect(Math.max(...workloads.map((workload) => workload.concurrency)));
  await gateway.send(gateway.prepare('PUT', '/bench-transfer', Buffer.alloc(0)), 0);
  for (const workload of workloads) comparisons.push(...(await compare(workload)));
} finally {
  native.close();
  gateway.close();
  await gatewayProcess.stop();
}
report(
  'transfer',
  Object.fromEntries(
    comparisons.map(({ workload, method, native: plain, gateway: ours, ratio }) => [
      `${method} ${workload}`,
      {
        'native ops/s': rounded(plain.operationsPerSecond),
        'gateway ops/s': rounded(ours.operationsPerSecond),
        'native MiB/s': rounded(plain.mebibytesPerSecond),
        'gateway MiB/s': rounded(ours.mebibytesPerSecond),
        'native p99 ms': rounded(plain.p99Ms, 2),
        'gateway p99 ms': rounded(ours.p99Ms, 2),
        ratio: rounded(ratio, 2),
      },
    ]),
  ),
  comparisons,
);

async function compare(workload: Workload): Promise<Comparison[]> {
  const content = randomBytes(workload.sizeBytes);
  const runs = { nativePut: [], gatewayPut: [], nativeGet: [], gatewayGet: [] } as Record<
    string,
    RunResult[]
  >;
  // The first round warms up both sides and is not counted.
  for (let round = 0; round <= workload.rounds; round++) {
    const results = await runRound(workload, content, round);
    if (round > 0) for (const [name, result] of Object.entries(results)) runs[name]?.push(result);
  }
  return (['PUT', 'GET'] as const).map((method) => {
    const suffix = method === 'PUT' ? 'Put' : 'Get';
    const nativeSummary = summarize(runs[`native${suffix}`] ?? []);
    const gatewaySummary = summarize(runs[`gateway${suffix}`] ?? []);
    return {
      workload: `${workload.name} at ${workload.concurrency}`,
      method,
      native: nativeSummary,
      gateway: gatewaySummary,
      ratio: gatewaySummary.operationsPerSecond / nativeSummary.operationsPerSecond,
    };
  });
}

/** So that no side's syncs wait for what the other one, or a deletion, left to be written. */
function writeBack(): void {
  spawnSync('sync');
}

async function runRound({ operations, concurrency }: Workload, content: Buffer, round: number) {
  const keyOf = (index: number) => `/bench-transfer/${content.length}/${round}/${index}`;
  const prepareAll = (method: string, body: Buffer | null) =>
    Array.from({ length: operations }, (_, index) => gateway.prepare(method, keyOf(index), body));
  const through = async (method: string, body: Buffer | null) => {
    const requests = prepareAll(method, body);
    return runConcurrently(operations, concurrency, async (index, lane) => {
      const request = requests[index];
      if (request === undefined) throw new RangeError(`no request ${index}`);
      const received = await gateway.send(request, lane);
      return body?.length ?? received;
    });
  };

  const files: Awaited<ReturnType<NativeSide['put']>>[] = [];
  writeBack();
  const nativePut = await runConcurrently(operations, concurrency, async (index) => {
    files[index] = await native.put(content);
    return content.length;
  });
  writeBack();
  const gatewayPut = await through('PUT', content);
  writeBack();
  const nativeGet = await runConcurrently(operations, concurrency, (index) => {
    const file = files[index];
    if (file === undefined) throw new RangeError(`no file ${index}`);
    return native.get(file);
  });
  const gatewayGet = await through('GET', null);
  await runConcurrently(operations, concurrency, async (index) => {
    const file = files[index];
    if (file !== undefined) await native.delete(file);
    return 0;
  });
  await through('DELETE', null);
  await gatewayProcess.deletionsDone();
  return { nativePut, gatewayPut, nativeGet, gatewayGet };
}
