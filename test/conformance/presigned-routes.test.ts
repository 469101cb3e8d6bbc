import { S3Client } from '@aws-sdk/client-s3';
import { S3RequestPresigner } from '@aws-sdk/s3-request-presigner';
import aws4 from 'aws4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../../src/s3/operation.ts';
import { routes } from '../../src/s3/route-table.ts';
import { fakeOperation, startS3Server, type TestS3Server, testKey } from '../support/s3-server.ts';

/** The route table, with operations that only tell that they were reached, and by whom. */
const recording = routes.map((route): Route => {
  const { name } = route.operation;
  const operation = fakeOperation(name, async ({ access, headers }) => ({
    status: 200,
    headers: {
      'x-operation': name,
      'x-caller': access.caller.userName,
      'x-source': headers.get('x-amz-copy-source') ?? undefined,
      'x-title': headers.get('x-amz-meta-title') ?? undefined,
    },
  }));
  return { ...route, operation };
});

const paths = { service: '/', bucket: '/photos', object: '/photos/a%20b/%C3%BC' } as const;
const values: Readonly<Record<string, string>> = { 'list-type': '2', uploadId: 'u1' };

/** How a client calls the operation of a row. */
function requestOf({ method, resource, subresource, header }: Route) {
  const query: Record<string, string> =
    subresource === null ? {} : { [subresource]: values[subresource] ?? '' };
  const headers = {
    'x-amz-meta-title': 'cat',
    ...(header === undefined ? {} : { [header]: '/photos/source' }),
  };
  return { method, path: paths[resource], query, headers };
}

let server: TestS3Server;
let s3: S3Client;

beforeAll(async () => {
  server = await startS3Server(recording);
  s3 = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', credentials: testKey });
});
afterAll(async () => {
  s3.destroy();
  await server.close();
});

const rows = routes.map((route) => [route.operation.name, route] as const);

async function expectReached(url: string, { method, operation, header }: Route): Promise<void> {
  const response = await fetch(url, { method });
  const text = await response.text();
  expect([response.status, text]).toEqual([200, '']);
  expect(response.headers.get('x-operation')).toBe(operation.name);
  expect(response.headers.get('x-caller')).toBe('alice');
  expect(response.headers.get('x-title')).toBe('cat');
  if (header) expect(response.headers.get('x-source')).toBe('/photos/source');
}

describe("a link of the SDK's presigner", () => {
  it.each(rows)('reaches %s', async (_name, route) => {
    const { method, path, query, headers } = requestOf(route);
    const { hostname, port } = new URL(server.endpoint);
    const presigner = new S3RequestPresigner({ ...s3.config });
    const request = {
      method,
      protocol: 'http:',
      hostname,
      port: Number(port),
      path,
      query,
      headers: { host: `${hostname}:${port}`, ...headers },
    };
    const signed = await presigner.presign(request as never, { expiresIn: 60 });
    const parameters = Object.entries(signed.query ?? {}).map(
      ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
    );
    await expectReached(`${server.endpoint}${signed.path}?${parameters.join('&')}`, route);
  });
});

describe('a link of aws4', () => {
  it.each(rows)('reaches %s', async (_name, route) => {
    const { method, path, query, headers } = requestOf(route);
    const parameters = Object.entries({ ...query, ...headers, 'X-Amz-Expires': '60' });
    const search = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    const { host } = new URL(server.endpoint);
    const target = `${path}?${search.join('&')}`;
    const request = { service: 's3', region: 'us-east-1', method, path: target, signQuery: true };
    const signed = aws4.sign({ ...request, headers: { Host: host } }, testKey);
    await expectReached(`${server.endpoint}${signed.path}`, route);
  });
});

it.each([
  ['0', 403],
  ['1', 200],
  ['604800', 200],
  ['604801', 400],
  ['-1', 400],
  ['soon', 400],
])('X-Amz-Expires of %s is answered with %d', async (expires, status) => {
  const { host } = new URL(server.endpoint);
  const path = `/photos/k?X-Amz-Expires=${expires}&X-Amz-Date=${amzDate(Date.now() - (expires === '0' ? 1000 : 0))}`;
  const request = { service: 's3', region: 'us-east-1', method: 'GET', path, signQuery: true };
  const signed = aws4.sign({ ...request, headers: { Host: host } }, testKey);
  expect((await fetch(`${server.endpoint}${signed.path}`)).status).toBe(status);
});

function amzDate(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
}
