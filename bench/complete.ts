/**
 * CompleteMultipartUpload of 10,000 parts over HTTP: how long it takes, and how long it holds up the
 * gateway's event loop at a stretch. The parts are put into the gateway's index by this process, so
 * that nothing is uploaded. Run by hand:
 *
 *   npm run bench:complete [-- --parts 10000 --rounds 10]
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ObjectIndex } from '../src/object-index/object-index.ts';
import type { ChecksumAlgorithm, ChecksumType } from '../src/object-index/records.ts';
import { noSubresources } from '../src/object-index/records.ts';
import { startBenchGateway } from './bench-gateway.ts';
import { inDirectory, openCompiledIndex } from './compiled-index.ts';
import { GatewaySide } from './gateway-side.ts';
import { type LoopDelay, LoopProbe } from './loop-delay.ts';
import { report, rounded } from './report.ts';

const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '10' },
  },
});
const partCount = Number(values.parts);
const PART_SIZE_BYTES = 5 * 2 ** 20;
const BUCKET = 'bench-complete';
const WARM_UP_ROUNDS = 2;
const WRITES_AT_ONCE = 500;

interface Workload {
  readonly name: string;
  readonly checksum: {
    readonly algorithm: ChecksumAlgorithm;
    readonly type: ChecksumType;
    readonly sizeBytes: number;
  } | null;
}

const workloads: readonly Workload[] = [
  { name: 'ETags', checksum: null },
  { name: 'ETags and CRC-32', checksum: { algorithm: 'CRC32', type: 'COMPOSITE', sizeBytes: 4 } },
  {
    name: 'ETags and CRC-64',
    checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', sizeBytes: 8 },
  },
];

interface Round {
  readonly workload: string;
  readonly durationMs: number;
  readonly loop: LoopDelay;
}

/** Gives the document that completes it. */
async function makeUpload(
  index: ObjectIndex,
  { bucketId, ownerId, key }: { bucketId: number; ownerId: string; key: string },
  { checksum }: Workload,
): Promise<string> {
  await index.createUpload({
    bucketId,
    key,
    uploadId: key,
    ownerId,
    initiatorId: ownerId,
    initiatedAtMs: Date.now(),
    checksumAlgorithm: checksum?.algorithm ?? null,
    checksumType: checksum?.type ?? null,
    headers: {},
    userMetadata: {},
    ...noSubresources,
  });
  const elements: string[] = [];
  for (let first = 1; first <= partCount; first += WRITES_AT_ONCE) {
    const count = Math.min(WRITES_AT_ONCE, partCount - first + 1);
    const writes = Array.from({ length: count }, async (_, offset) => {
      const partNumber = first + offset;
      const etag = createHash('md5').update(`${key}/${partNumber}`).digest('hex');
      const value = checksum && randomBytes(checksum.sizeBytes).toString('base64');
      const fileId = `group1/M00/00/00/${key}-${partNumber}.bin`;
      await index.putPart({
        bucketId,
        key,
        uploadId: key,
        partNumber,
        size: PART_SIZE_BYTES,
        etag,
        lastModifiedMs: Date.now(),
        checksum: checksum && value ? { ...checksum, value } : null,
        segments: [{ fileId, fileOffset: 0, size: PART_SIZE_BYTES, isReplicated: true }],
      });
      const sum = checksum
        ? `<Checksum${checksum.algorithm}>${value}</Checksum${checksum.algorithm}>`
        : '';
      elements[partNumber] =
        `  <Part>\n    <ETag>&quot;${etag}&quot;</ETag>\n    ${sum}<PartNumber>${partNumber}</PartNumber>\n  </Part>\n`;
    });
    await Promise.all(writes);
  }
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n${elements.join('')}</CompleteMultipartUpload>`;
}

async function measure(directory: string): Promise<Round[]> {
  const probe = new LoopProbe(join(directory, 'loop.json'));
  const gatewayProcess = await startBenchGateway(probe.settings);
  const gateway = new GatewaySide(gatewayProcess.endpoint);
  const index = await openCompiledIndex({ path: gatewayProcess.indexPath });
  const rounds: Round[] = [];
  try {
    await gateway.connect(1);
    await gateway.send(gateway.prepare('PUT', `/${BUCKET}`, Buffer.alloc(0)), 0);
    const bucket = await index.findBucket(BUCKET);
    if (!bucket) throw new Error('no bucket');
    for (let round = -WARM_UP_ROUNDS; round < Number(values.rounds); round += 1) {
      for (const workload of workloads) {
        const key = `${workloads.indexOf(workload)}-${round}`;
        const target = { bucketId: bucket.id, ownerId: bucket.ownerId, key };
        const document = Buffer.from(await makeUpload(index, target, workload));
        const path = `/${BUCKET}/${key}?uploadId=${key}`;
        const request = gateway.prepare('POST', path, document);
        // Until the log is copied: its checkpoint is not what is measured.
        await sleep(500);
        await probe.read(gatewayProcess.pid);
        const startedMs = performance.now();
        await gateway.send(request, 0);
        const durationMs = performance.now() - startedMs;
        const loop = await probe.read(gatewayProcess.pid);
        if (round >= 0) rounds.push({ workload: workload.name, durationMs, loop });
      }
    }
  } finally {
    gateway.close();
    await index.close();
    await gatewayProcess.stop();
  }
  return rounds;
}

const rounds = await inDirectory(measure);
const median = (figures: number[]) => figures.sort((a, b) => a - b)[figures.length >> 1] ?? 0;
report(
  'complete',
  Object.fromEntries(
    workloads.map(({ name }) => {
      const own = rounds.filter(({ workload }) => workload === name);
      const durations = own.map(({ durationMs }) => durationMs);
      const runs = own.map(({ loop }) => loop.ranMsMax);
      const blocks = own.map(({ loop }) => loop.maxMs);
      return [
        `${partCount} parts, ${name}`,
        {
          'median ms': rounded(median(durations)),
          'max ms': rounded(Math.max(...durations)),
          'blocked, median ms': rounded(median(blocks)),
          'blocked, max ms': rounded(Math.max(...blocks)),
          'running, median ms': rounded(median(runs)),
          'running, max ms': rounded(Math.max(...runs)),
        },
      ];
    }),
  ),
  rounds,
);
