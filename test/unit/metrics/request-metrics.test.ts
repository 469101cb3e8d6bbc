import { Registry } from 'prom-client';
import { beforeEach, expect, it } from 'vitest';
import type { ObservedRequest, RequestObserver } from '../../../src/http/request-observer.ts';
import { RequestMetrics } from '../../../src/metrics/request-metrics.ts';
import { parseMetrics, type Sample, sampleValue } from '../../support/prometheus.ts';

let registry: Registry;
let all: RequestMetrics;
let metrics: RequestObserver;
beforeEach(() => {
  registry = new Registry();
  all = new RequestMetrics(registry);
  metrics = all.of('s3');
});

const scrape = async (): Promise<Sample[]> => parseMetrics(await registry.metrics());

const answered: ObservedRequest = {
  operationName: 'GetObject',
  httpStatus: 200,
  errorCode: null,
  bytesIn: 0,
  bytesOut: 1_000,
  firstByteMs: 4,
  durationMs: 40,
};

function serve(given: Partial<ObservedRequest> = {}): void {
  metrics.started();
  metrics.ended({ ...answered, ...given });
}

it('counts requests by operation, status and error code', async () => {
  serve();
  serve();
  serve({ httpStatus: 404, errorCode: 'NoSuchKey' });
  serve({ operationName: 'PutObject', httpStatus: 503, errorCode: 'ServiceUnavailable' });
  const name = 'fastdfs_s3_requests_total';
  expect((await scrape()).filter((sample) => sample.name === name)).toEqual([
    {
      name,
      labels: { door: 's3', operation: 'GetObject', http_status: '200', error_code: '' },
      value: 2,
    },
    {
      name,
      labels: { door: 's3', operation: 'GetObject', http_status: '404', error_code: 'NoSuchKey' },
      value: 1,
    },
    {
      name,
      labels: {
        door: 's3',
        operation: 'PutObject',
        http_status: '503',
        error_code: 'ServiceUnavailable',
      },
      value: 1,
    },
  ]);
});

it('counts what was refused before its operation was known, and what nobody waited for', async () => {
  serve({ operationName: null, httpStatus: 403, errorCode: 'SignatureDoesNotMatch' });
  serve({ operationName: 'PutObject', httpStatus: null, firstByteMs: null });
  const samples = await scrape();
  const count = (labels: Record<string, string>) =>
    sampleValue(samples, 'fastdfs_s3_requests_total', labels);
  expect(count({ operation: 'unknown', error_code: 'SignatureDoesNotMatch' })).toBe(1);
  expect(count({ operation: 'PutObject', http_status: 'none', error_code: '' })).toBe(1);
  const firstBytes = 'fastdfs_s3_request_first_byte_seconds_count';
  expect(sampleValue(samples, firstBytes, { operation: 'unknown' })).toBe(1);
  expect(sampleValue(samples, firstBytes, { operation: 'PutObject' })).toBeNull();
});

it('tells durations in seconds', async () => {
  serve();
  serve({ durationMs: 400_000 });
  const samples = await scrape();
  const name = 'fastdfs_s3_request_duration_seconds';
  const bucket = (le: string) =>
    sampleValue(samples, `${name}_bucket`, { operation: 'GetObject', le });
  expect([bucket('0.025'), bucket('0.05'), bucket('300'), bucket('+Inf')]).toEqual([0, 1, 1, 2]);
  expect(sampleValue(samples, `${name}_sum`)).toBeCloseTo(400.04);
  expect(sampleValue(samples, 'fastdfs_s3_request_first_byte_seconds_sum')).toBeCloseTo(0.008);
});

it('sums up bytes each way', async () => {
  serve({ operationName: 'PutObject', bytesIn: 5_000, bytesOut: 300 });
  serve({ operationName: 'PutObject', bytesIn: 0, bytesOut: 0 });
  serve();
  const samples = await scrape();
  const operation = 'PutObject';
  expect(sampleValue(samples, 'fastdfs_s3_request_bytes_total', { operation })).toBe(5_000);
  expect(sampleValue(samples, 'fastdfs_s3_response_bytes_total', { operation })).toBe(300);
});

it('knows how many are being served', async () => {
  metrics.started();
  metrics.started();
  expect(sampleValue(await scrape(), 'fastdfs_s3_requests_in_flight', { door: 's3' })).toBe(2);
  metrics.ended(answered);
  expect(sampleValue(await scrape(), 'fastdfs_s3_requests_in_flight', { door: 's3' })).toBe(1);
});

it('counts each door by itself', async () => {
  const qiniu = all.of('qiniu');
  qiniu.started();
  serve({ operationName: 'stat' });
  const samples = await scrape();
  const value = (name: string, door: string) =>
    sampleValue(samples, `fastdfs_s3_${name}`, { door });
  expect([value('requests_in_flight', 'qiniu'), value('requests_in_flight', 's3')]).toEqual([1, 0]);
  expect([value('requests_total', 'qiniu'), value('requests_total', 's3')]).toEqual([null, 1]);
  expect(value('requests_in_flight', 'files')).toBe(0);
});
