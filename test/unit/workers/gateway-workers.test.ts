import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config.ts';
import { GatewayMetrics } from '../../../src/metrics/gateway-metrics.ts';
import { createLogger } from '../../../src/support/logger.ts';
import { GatewayWorkers } from '../../../src/workers/gateway-workers.ts';
import { FakeWorker } from '../../support/fake-worker.ts';
import { parseMetrics, sampleValue } from '../../support/prometheus.ts';

const logger = createLogger('silent');
let started: FakeWorker[];
let metrics: GatewayMetrics;
let workers: GatewayWorkers;

beforeEach(async () => {
  started = [];
  metrics = new GatewayMetrics();
  workers = new GatewayWorkers({
    count: 2,
    config: {} as Config,
    trackers: [],
    masterKey: Buffer.alloc(32),
    logger,
    metrics,
    onFailure: () => {},
    fork: () => {
      const worker = new FakeWorker(100 + started.length);
      started.push(worker);
      return worker;
    },
  });
  const starting = workers.start({ s3: { host: '127.0.0.1', port: 0 } });
  await expect.poll(() => started.length).toBe(2);
  for (const worker of started) worker.serve();
  await starting;
});

afterEach(async () => {
  const stopping = workers.stop(0);
  for (const worker of started) worker.exit({ code: 0 });
  await stopping;
});

describe('files that are being read', () => {
  it('are those of all workers', async () => {
    const asked = workers.findOpenFiles(['a', 'b', 'c']);
    started[0]?.answer(['a']);
    started[1]?.answer(['c']);
    expect(await asked).toEqual(new Set(['a', 'c']));
  });

  it('are not known while a worker does not say', async () => {
    const asked = workers.findOpenFiles(['a']);
    started[0]?.answer(['a']);
    started[1]?.says({ kind: 'no-answer', id: 1, message: 'no idea' });
    await expect(asked).rejects.toThrow(
      'which files are being read is not known: worker 2: no idea',
    );
  });
});

describe('metrics of several processes', () => {
  /** What a worker answers that counted so many requests, of which as many are under way. */
  async function counted(requests: number, breaker: number) {
    const theirs = new GatewayMetrics();
    theirs.watch(noSources, { isWorker: true });
    for (let request = 0; request < requests; request += 1) {
      theirs.requests.of('s3').started();
      theirs.requests.of('s3').started();
      theirs.requests.of('s3').ended({
        operationName: 'PutObject',
        httpStatus: 200,
        errorCode: null,
        durationMs: 20,
        firstByteMs: 10,
        bytesIn: 100,
        bytesOut: 0,
      });
    }
    const snapshot = await theirs.snapshot();
    return snapshot.map((metric) =>
      metric.name === 'fastdfs_s3_breaker_state'
        ? { ...metric, values: [{ value: breaker, labels: { server: 's' } }] }
        : metric,
    );
  }

  async function scrape(...answers: readonly unknown[]) {
    const rendering = workers.metrics.render();
    await expect.poll(() => started.at(0)?.received.at(-1)?.kind).toBe('ask');
    for (const [index, answer] of answers.entries()) started[index]?.answer(answer);
    return parseMetrics(await rendering);
  }

  it('are summed, but for the worst of the breakers', async () => {
    const samples = await scrape(await counted(2, 0), await counted(3, 2));
    const labels = { operation: 'PutObject' };
    const value = (name: string, more = {}) => sampleValue(samples, `fastdfs_s3_${name}`, more);
    expect(value('requests_total')).toBe(5);
    expect(value('request_duration_seconds_count', labels)).toBe(5);
    expect(value('request_duration_seconds_bucket', { ...labels, le: '0.025' })).toBe(5);
    expect(value('request_duration_seconds_bucket', { ...labels, le: '0.01' })).toBe(0);
    expect(value('requests_in_flight', { door: 's3' })).toBe(5);
    expect(value('breaker_state', { server: 's' })).toBe(2);
    expect(value('serving_processes')).toBe(2);
  });

  it('keep what a worker counted that has ended, and forget what it had under way', async () => {
    await scrape(await counted(2, 0), await counted(3, 2));
    started[1]?.exit({ signal: 'SIGKILL' });
    const samples = await scrape(await counted(4, 0));
    const value = (name: string, more = {}) => sampleValue(samples, `fastdfs_s3_${name}`, more);
    expect(value('requests_total')).toBe(7);
    expect(value('requests_in_flight', { door: 's3' })).toBe(4);
    expect(value('breaker_state')).toBe(0);
    expect(value('worker_ends_total')).toBe(1);
    expect(value('serving_processes')).toBe(1);
  });
});

it('says when no worker serves', () => {
  expect(workers.findProblem()).toBeNull();
  for (const worker of [...started]) worker.exit({ code: 1 });
  expect(workers.findProblem()).toBe('none of 2 workers serves');
});

/** Nothing to look at. */
const noSources = {
  index: {
    measure: () => Promise.reject(new Error('none')),
    deletionQueueState: async () => [],
    countReplicaChecks: async () => 0,
    listReplicaCheckQueues: async () => [],
  },
  blobs: { clusterState: async () => ({ trackers: [], groups: [] }), poolStates: () => [] },
  spool: { usedBytes: 0, sizeBytesMax: 0 },
};
