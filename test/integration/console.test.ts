import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { parseMetrics, type Sample, sampleValue } from '../support/prometheus.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(async () => {
  await deleteAllBuckets(s3ClientOf(gateway));
  await gateway.dispose();
});

const ask = (path: string) => fetch(new URL(path, gateway.consoleUrl));

async function scrape(): Promise<Sample[]> {
  const response = await ask('/metrics');
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return parseMetrics(await response.text());
}

/** A scrape that shows a sample, once what it counts has been noticed. */
async function scrapeWith(name: string, labels: Record<string, string>): Promise<Sample[]> {
  for (;;) {
    const samples = await scrape();
    if (sampleValue(samples, name, labels) !== null) return samples;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

it('is ready, with every check told', async () => {
  const response = await ask('/readyz');
  const { ready, checks } = (await response.json()) as { ready: boolean; checks: object[] };
  const ok = (name: string) => ({ name, ok: true, problem: null });
  expect(checks).toEqual(['gateway', 'index', 'trackers', 'storage'].map(ok));
  expect([response.status, ready]).toEqual([200, true]);
});

it('tells in metrics what clients did and what the gateway works with', async () => {
  const s3 = s3ClientOf(gateway);
  const Bucket = newBucketName('metrics');
  await s3.send(new CreateBucketCommand({ Bucket }));
  const before = await scrape();
  await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x'.repeat(10_000) }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'k' }));
  await Body?.transformToByteArray();
  const missing = s3.send(new GetObjectCommand({ Bucket, Key: 'no-such-key' }));
  await expect(missing).rejects.toMatchObject({ name: 'NoSuchKey' });

  const requests = 'fastdfs_s3_requests_total';
  const samples = await scrapeWith(requests, { error_code: 'NoSuchKey' });
  const value = (name: string, labels = {}) => sampleValue(samples, `fastdfs_s3_${name}`, labels);
  const [put, get] = [{ operation: 'PutObject' }, { operation: 'GetObject' }];
  expect(value('requests_total', { ...put, http_status: '200' })).toBe(1);
  expect(value('requests_total', { ...get, http_status: '200' })).toBe(1);
  expect(value('requests_total', { ...get, http_status: '404' })).toBe(1);
  expect(value('request_bytes_total', put)).toBeGreaterThanOrEqual(10_000);
  expect(value('response_bytes_total', get)).toBeGreaterThan(10_000);
  expect(value('request_duration_seconds_count', get)).toBe(2);
  const writes = 'fastdfs_s3_index_writes_total';
  expect(sampleValue(samples, writes)).toBeGreaterThan(sampleValue(before, writes) ?? 0);
  expect(value('index_size_bytes', { file: 'database' })).toBeGreaterThan(0);
  expect(samples.some(({ name }) => name === 'fastdfs_s3_tracker_reachable')).toBe(true);
  expect(samples.some(({ name }) => name === 'fastdfs_s3_group_free_bytes')).toBe(true);
  expect(samples.some(({ name }) => name === 'fastdfs_s3_connections_open')).toBe(true);
});
