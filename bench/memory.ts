/**
 * What the gateway's memory comes to under loads that could make it grow: many small requests, large
 * bodies, slow readers, pages of listings. It is bounded by settings, not by what clients send.
 * Run by hand, for the gateway alone on a cluster (the embedded node shares its process):
 *
 *   npm run bench:memory
 *   FASTDFS_TRACKERS=host:port,… npm run bench:memory
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBenchGateway } from './bench-gateway.ts';
import { GatewaySide } from './gateway-side.ts';
import { residentMebibytes } from './process-memory.ts';
import { report, rounded } from './report.ts';
import { runConcurrently } from './statistics.ts';

const MIB = 2 ** 20;
const CLIENTS = 32;
const SLOW_CLIENTS = 200;
const bucket = '/bench-memory';

const gatewayProcess = await startBenchGateway();
const gateway = new GatewaySide(gatewayProcess.endpoint);
const prepare = (method: string, path: string, body: Buffer | null = null) =>
  gateway.prepare(method, `${bucket}${path}`, body);

/** Objects of one size, `count` of them through all clients, written and read. */
async function putAndGet(sizeBytes: number, count: number): Promise<void> {
  const content = randomBytes(sizeBytes);
  await runConcurrently(count, CLIENTS, (index, lane) =>
    gateway.send(prepare('PUT', `/${sizeBytes}/${index}`, content), lane),
  );
  await runConcurrently(count, CLIENTS, (index, lane) =>
    gateway.send(prepare('GET', `/${sizeBytes}/${index}`), lane),
  );
}

/** Clients that ask for 64 MiB each, read the beginning and then nothing for a while. */
async function readSlowly(): Promise<void> {
  const slow = new GatewaySide(gatewayProcess.endpoint);
  await slow.connect(SLOW_CLIENTS);
  for (let lane = 0; lane < SLOW_CLIENTS; lane++) {
    const request = slow.prepare('GET', `${bucket}/${64 * MIB}/0`);
    slow.send(request, lane).catch(() => {});
  }
  slow.pause();
  await sleep(5_000);
  slow.close();
}

async function listPages(count: number): Promise<void> {
  await runConcurrently(count, CLIENTS, (_index, lane) =>
    gateway.send(prepare('GET', '?list-type=2&max-keys=1000'), lane),
  );
}

const phases: readonly (readonly [name: string, run: () => Promise<void>])[] = [
  ['idle', async () => {}],
  ['4 KiB, 20,000 objects', () => putAndGet(4096, 20_000)],
  ['1 MiB, 500 objects', () => putAndGet(MIB, 500)],
  ['64 MiB, 64 objects', () => putAndGet(64 * MIB, 64)],
  [`${SLOW_CLIENTS} slow readers of 64 MiB`, readSlowly],
  ['2,000 pages of 1,000 keys', () => listPages(2_000)],
  ['20 s later', () => sleep(20_000)],
];

interface Memory {
  readonly phase: string;
  readonly afterMebibytes: number;
  /** Since the start of the gateway. */
  readonly peakMebibytes: number;
}

const outcomes: Memory[] = [];
try {
  await gateway.connect(CLIENTS);
  await gateway.send(gateway.prepare('PUT', bucket, Buffer.alloc(0)), 0);
  for (const [phase, run] of phases) {
    await run();
    const { now, peak } = residentMebibytes(gatewayProcess.pid);
    outcomes.push({ phase, afterMebibytes: now, peakMebibytes: peak });
  }
} finally {
  gateway.close();
  await gatewayProcess.stop();
}

report(
  'memory',
  Object.fromEntries(
    outcomes.map(({ phase, afterMebibytes, peakMebibytes }) => [
      phase,
      { 'RSS MiB': rounded(afterMebibytes), 'peak MiB': rounded(peakMebibytes) },
    ]),
  ),
  outcomes,
);
