import { PutBucketCorsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type CoreS3Server,
  coreSecretAccessKey,
  startCoreS3Server,
} from '../support/core-s3-server.ts';
import { createTestCore, type TestCore } from '../support/core-services.ts';
import { RawConnection } from '../support/raw-http.ts';

let core: TestCore;
let server: CoreS3Server;
let s3: S3Client;

beforeAll(async () => {
  core = await createTestCore();
  server = await startCoreS3Server(core);
  s3 = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: core.alice.accessKeyId, secretAccessKey: coreSecretAccessKey },
  });
  await s3.send(
    new PutBucketCorsCommand({
      Bucket: 'photos',
      CORSConfiguration: {
        CORSRules: [
          {
            AllowedOrigins: ['https://*.example'],
            AllowedMethods: ['GET', 'PUT'],
            AllowedHeaders: ['x-amz-*'],
            ExposeHeaders: ['ETag'],
            MaxAgeSeconds: 60,
          },
        ],
      },
    }),
  );
  await core.index.createBucket({
    name: 'without-rules',
    ownerId: core.alice.userId,
    locationConstraint: null,
    createdAtMs: 0,
  });
});

afterAll(async () => {
  s3.destroy();
  await server.close();
});

/** By hand: `fetch` keeps some of these headers to itself. */
async function ask(line: string, headers: Record<string, string>) {
  const connection = await RawConnection.open(server.port);
  const lines = Object.entries({ host: 'localhost', connection: 'close', ...headers });
  connection.write(
    `${line} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  const response = await connection.response({ isHead: line.startsWith('HEAD') });
  connection.destroy();
  const header = (name: string) => response.headers.get(name) ?? null;
  const code = /<Code>(.*?)<\/Code>/.exec(response.body)?.[1] ?? null;
  return { ...response, header, code };
}

const origin = 'https://app.example';
const wanted = { origin, 'access-control-request-method': 'PUT' };

describe('preflight requests', () => {
  it('are answered without a signature', async () => {
    const answer = await ask('OPTIONS /photos/cat.jpg', {
      ...wanted,
      'access-control-request-headers': 'x-amz-date,x-amz-meta-a',
    });
    expect(answer.status).toBe(200);
    expect(answer.header('access-control-allow-origin')).toBe(origin);
    expect(answer.header('access-control-allow-methods')).toBe('GET, PUT');
    expect(answer.header('access-control-allow-headers')).toBe('x-amz-date, x-amz-meta-a');
    expect(answer.header('access-control-expose-headers')).toBe('ETag');
    expect(answer.header('access-control-max-age')).toBe('60');
    expect(answer.header('access-control-allow-credentials')).toBe('true');
    expect(answer.header('vary')).toContain('Origin');
    expect(answer.body).toBe('');
  });

  it.each([
    ['OPTIONS /photos/a', {}, 400, 'BadRequest', 'Origin request header needed'],
    ['OPTIONS /photos/a', { origin }, 400, 'BadRequest', 'Access-Control-Request-Method: null'],
    ['OPTIONS /photos/a', { ...wanted, origin: 'https://evil' }, 403, 'AccessForbidden', 'OBJECT'],
    ['OPTIONS /photos', { ...wanted, origin: 'https://evil' }, 403, 'AccessForbidden', 'BUCKET'],
    [
      'OPTIONS /photos/a',
      { ...wanted, 'access-control-request-method': 'DELETE' },
      403,
      'AccessForbidden',
      'CORSResponse: This CORS request is not allowed.',
    ],
    [
      'OPTIONS /photos/a',
      { ...wanted, 'access-control-request-headers': 'authorization' },
      403,
      'AccessForbidden',
      'CORSResponse: This CORS request is not allowed.',
    ],
    [
      'OPTIONS /without-rules/a',
      wanted,
      403,
      'AccessForbidden',
      'CORSResponse: CORS is not enabled for this bucket.',
    ],
    ['OPTIONS /missing/a', wanted, 403, 'AccessForbidden', 'CORSResponse: Bucket not found'],
    ['OPTIONS /', wanted, 403, 'AccessForbidden', 'CORSResponse: Bucket not found'],
  ])('%s with %j is %d %s', async (line, headers, status, code, text) => {
    const answer = await ask(line, headers);
    expect(answer).toMatchObject({ status, code });
    expect(answer.body).toContain(text);
    expect(answer.header('access-control-allow-origin')).toBeNull();
  });
});

describe('answers to pages of other origins', () => {
  it.each([
    ['GET /photos/missing', 403],
    ['PUT /photos/cat.jpg', 403],
    ['GET /photos/cat.jpg?X-Amz-Signature=0', 400],
  ])('%s: its error can be read', async (line, status) => {
    const answer = await ask(line, { origin, 'content-length': '0' });
    expect(answer.status).toBe(status);
    expect(answer.header('access-control-allow-origin')).toBe(origin);
    expect(answer.header('access-control-expose-headers')).toBe('ETag');
  });

  it('say nothing to origins without a rule', async () => {
    const answer = await ask('GET /photos/missing', { origin: 'https://evil' });
    expect(answer.header('access-control-allow-origin')).toBeNull();
    expect(answer.header('vary')).toContain('Origin');
  });

  it.each(['/without-rules/a', '/missing/a', '/'])('say nothing at %s', async (path) => {
    const answer = await ask(`GET ${path}`, { origin });
    expect(answer.header('access-control-allow-origin')).toBeNull();
    expect(answer.header('vary')).toBeNull();
  });

  it('are none where no page asks', async () => {
    const find = vi.spyOn(core.index, 'findBucket');
    const answer = await ask('GET /photos/a?X-Amz-Signature=0', {});
    expect(answer.header('vary')).toBeNull();
    expect(find).not.toHaveBeenCalled();
    find.mockRestore();
  });
});
