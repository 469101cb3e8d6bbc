/**
 * Mixed load of 4 KiB objects: 45 % GET, 30 % HEAD, 15 % PUT, 10 % DELETE, at several numbers of
 * clients: throughput, latency by method, and the memory of the gateway. Run by hand:
 *
 *   npm run bench:mixed [-- --seconds 20 --objects 5000]       the embedded node
 *   FASTDFS_TRACKERS=host:port,… npm run bench:mixed           a cluster
 *
 * GATEWAY_WORKERS and other settings of the environment reach the gateway.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { startBenchGateway } from './bench-gateway.ts';
import { GatewaySide } from './gateway-side.ts';
import type { PreparedRequest } from './http-load.ts';
import { residentMebibytes } from './process-memory.ts';
import { report, rounded } from './report.ts';
import { runConcurrently, type Summary, summarize } from './statistics.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    objects: { type: 'string', default: '5000' },
  },
});
const seconds = Number(values.seconds);
const objectCount = Number(values.objects);
const clientCounts = [1, 8, 32, 64];
const SIZE_BYTES = 4096;

/** Shares of a hundred requests. */
const shares = [
  ['GET', 45],
  ['HEAD', 30],
  ['PUT', 15],
  ['DELETE', 10],
] as const;
type Method = (typeof shares)[number][0];
const deck: readonly Method[] = shares.flatMap(([method, share]) => Array(share).fill(method));

interface Outcome {
  readonly clients: number;
  readonly all: Summary;
  readonly byMethod: Readonly<Record<Method, Summary>>;
  readonly residentMebibytes: number;
}

const content = randomBytes(SIZE_BYTES);
const gatewayProcess = await startBenchGateway();
const gateway = new GatewaySide(gatewayProcess.endpoint);
const pathOf = (object: number) => `/bench-mixed/${object}`;
const bodyOf = (method: Method) => (method === 'PUT' ? content : null);

/** Signed once: a signature is good for minutes. Reads take 404 for an answer: keys come and go. */
const prepared = new Map<string, PreparedRequest>();
function prepare(method: Method, object: number): PreparedRequest {
  const name = `${method} ${object}`;
  let request = prepared.get(name);
  if (!request) {
    request = gateway.prepare(method, pathOf(object), bodyOf(method));
    prepared.set(name, request);
  }
  return request;
}

async function run(clients: number): Promise<Outcome> {
  const latencies: Record<Method, number[]> = { GET: [], HEAD: [], PUT: [], DELETE: [] };
  const deadlineMs = performance.now() + seconds * 1_000;
  const started = performance.now();
  let bytes = 0;
  await runConcurrently(clients, clients, async (_index, lane) => {
    while (performance.now() < deadlineMs) {
      const method = deck[Math.floor(Math.random() * deck.length)] ?? 'GET';
      const request = prepare(method, Math.floor(Math.random() * objectCount));
      const sentMs = performance.now();
      await gateway.send(request, lane, [404]);
      latencies[method].push(performance.now() - sentMs);
      bytes += SIZE_BYTES;
    }
    return 0;
  });
  const took = (performance.now() - started) / 1_000;
  const summaryOf = (latenciesMs: number[]) =>
    summarize([{ operations: latenciesMs.length, bytes, seconds: took, latenciesMs }]);
  return {
    clients,
    all: summaryOf(Object.values(latencies).flat()),
    byMethod: {
      GET: summaryOf(latencies.GET),
      HEAD: summaryOf(latencies.HEAD),
      PUT: summaryOf(latencies.PUT),
      DELETE: summaryOf(latencies.DELETE),
    },
    residentMebibytes: residentMebibytes(gatewayProcess.pid).now,
  };
}

const outcomes: Outcome[] = [];
try {
  await gateway.connect(Math.max(...clientCounts));
  await gateway.send(gateway.prepare('PUT', '/bench-mixed', Buffer.alloc(0)), 0);
  await runConcurrently(objectCount, 32, (object, lane) =>
    gateway.send(prepare('PUT', object), lane),
  );
  for (const clients of clientCounts) outcomes.push(await run(clients));
} finally {
  gateway.close();
  await gatewayProcess.stop();
}

report(
  'mixed',
  Object.fromEntries(
    outcomes.map(({ clients, all, byMethod, residentMebibytes: resident }) => [
      `${clients} clients`,
      {
        'requests/s': rounded(all.operationsPerSecond),
        'p50 ms': rounded(all.medianMs, 2),
        'p99 ms': rounded(all.p99Ms, 2),
        'GET p99': rounded(byMethod.GET.p99Ms, 2),
        'HEAD p99': rounded(byMethod.HEAD.p99Ms, 2),
        'PUT p99': rounded(byMethod.PUT.p99Ms, 2),
        'DELETE p99': rounded(byMethod.DELETE.p99Ms, 2),
        'RSS MiB': rounded(resident),
      },
    ]),
  ),
  outcomes,
);
