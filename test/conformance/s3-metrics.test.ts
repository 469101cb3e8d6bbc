import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RequestMetrics } from '../../src/metrics/request-metrics.ts';
import { routes } from '../../src/s3/route-table.ts';
import { parseMetrics, type Sample, sampleValue } from '../support/prometheus.ts';
import { RawConnection, renderHead } from '../support/raw-http.ts';
import { fakeOperation, startS3Server, type TestS3Server } from '../support/s3-server.ts';
import { signRequest } from '../support/signed-request.ts';

let server: TestS3Server;
let connection: RawConnection;
let registry: Registry;
let release = () => {};

/** The operations of the real table; they drop what they get, and one waits to be released. */
const fakeRoutes = routes.map((route) => ({
  ...route,
  operation: fakeOperation(route.operation.name, async (request) => {
    if (request.key === 'slow') {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    }
    if (request.method === 'PUT') for await (const _ of request.content().open());
    return { status: 200, body: '12345' };
  }),
}));

beforeEach(async () => {
  registry = new Registry();
  server = await startS3Server(fakeRoutes, { observer: new RequestMetrics(registry).of('s3') });
  connection = await RawConnection.open(server.listener.port);
});
afterEach(async () => {
  connection.destroy();
  await server.close();
});

/** Sends one request and resolves to the status of its answer. */
async function send(method: string, target: string, body = ''): Promise<number> {
  const headers = {
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'content-length': String(body.length),
  };
  connection.write(renderHead(signRequest({ method, target, headers })) + body);
  return (await connection.response({ isHead: method === 'HEAD' })).status;
}

/** A scrape after the ends of so many requests were noticed; their client may be earlier. */
async function scrapeAfter(requestCount: number): Promise<Sample[]> {
  for (;;) {
    const samples = parseMetrics(await registry.metrics());
    const counts = samples.filter(({ name }) => name === 'fastdfs_s3_requests_total');
    if (counts.reduce((sum, { value }) => sum + value, 0) >= requestCount) return samples;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

it('requests are counted with their bytes each way', async () => {
  expect(await send('PUT', '/photos/cat', 'x'.repeat(5_000))).toBe(200);
  expect(await send('GET', '/photos/cat')).toBe(200);
  const samples = await scrapeAfter(2);
  const [put, get] = [{ operation: 'PutObject' }, { operation: 'GetObject' }];
  expect(sampleValue(samples, 'fastdfs_s3_requests_total', { ...put, http_status: '200' })).toBe(1);
  expect(sampleValue(samples, 'fastdfs_s3_requests_total', { ...get, http_status: '200' })).toBe(1);
  expect(sampleValue(samples, 'fastdfs_s3_request_bytes_total', put)).toBe(5_000);
  expect(sampleValue(samples, 'fastdfs_s3_request_bytes_total', get)).toBeNull();
  expect(sampleValue(samples, 'fastdfs_s3_response_bytes_total', get)).toBeGreaterThan(5);
  expect(sampleValue(samples, 'fastdfs_s3_request_duration_seconds_count', get)).toBe(1);
  expect(sampleValue(samples, 'fastdfs_s3_request_first_byte_seconds_count', get)).toBe(1);
});

it('a request is in flight until its answer is sent', async () => {
  const answer = send('GET', '/photos/slow');
  const inFlight = async () =>
    sampleValue(parseMetrics(await registry.metrics()), 'fastdfs_s3_requests_in_flight', {
      door: 's3',
    });
  while ((await inFlight()) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(await inFlight()).toBe(1);
  release();
  await answer;
  expect(sampleValue(await scrapeAfter(1), 'fastdfs_s3_requests_in_flight', { door: 's3' })).toBe(
    0,
  );
});

it('no path, method, query or key id of a client makes a series of its own', async () => {
  const hostile = [
    ...Array.from({ length: 20 }, (_, n) => ['GET', `/photos/key-${n}%22%0A%7D`] as const),
    ...Array.from({ length: 20 }, (_, n) => ['GET', `/no-bucket-${n}/k?metric%22=${n}`] as const),
    ...Array.from({ length: 20 }, (_, n) => ['PUT', `/photos/k?subresource${n}`] as const),
    ...['PATCH', 'OPTIONS', 'PROPFIND', 'LINK'].map((method) => [method, '/photos/k'] as const),
    ['GET', '/photos/k?acl'] as const,
    ['GET', '/photos/k?uploads&acl'] as const,
  ];
  for (const [method, target] of hostile) await send(method, target);
  const samples = await scrapeAfter(hostile.length);
  const names = routes.map(({ operation }) => operation.name);
  const known = new Set([...names, 'CorsPreflight', 'unknown']);
  const counts = samples.filter(({ name }) => name === 'fastdfs_s3_requests_total');
  expect(counts.filter(({ labels }) => !known.has(labels.operation ?? ''))).toEqual([]);
  const codes = new Set(counts.map(({ labels }) => labels.error_code));
  expect(codes).toEqual(
    new Set(['', 'BadRequest', 'NotImplemented', 'MethodNotAllowed', 'InvalidArgument']),
  );
  expect(counts.length).toBeLessThan(9);
});

it('a client that leaves before its answer is counted as such', async () => {
  connection.write(renderHead(signRequest({ target: '/photos/slow' })));
  const samples = () => registry.metrics().then(parseMetrics);
  while (sampleValue(await samples(), 'fastdfs_s3_requests_in_flight', { door: 's3' }) === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  connection.destroy();
  const left = { operation: 'GetObject', http_status: 'none', error_code: '' };
  expect(sampleValue(await scrapeAfter(1), 'fastdfs_s3_requests_total', left)).toBe(1);
  release();
});
