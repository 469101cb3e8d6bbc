import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type CoreS3Server,
  coreSecretAccessKey,
  startCoreS3Server,
} from '../support/core-s3-server.ts';
import { createTestCore, type TestCore } from '../support/core-services.ts';
import { signRequest } from '../support/signed-request.ts';

let core: TestCore;
let server: CoreS3Server;

beforeEach(async () => {
  core = await createTestCore();
});
afterEach(() => server.close());

async function getBucket(forwarded: Readonly<Record<string, string>>): Promise<number> {
  const { headers, target } = signRequest({
    target: '/photos',
    headers: { host: `127.0.0.1:${server.port}` },
    key: { accessKeyId: core.alice.accessKeyId, secretAccessKey: coreSecretAccessKey },
  });
  return (await fetch(server.endpoint + target, { headers: { ...headers, ...forwarded } })).status;
}

async function deny(condition: object): Promise<void> {
  const statement = {
    ...{ Effect: 'Deny', Principal: '*', Action: 's3:ListBucket' },
    ...{ Resource: 'arn:aws:s3:::photos', Condition: condition },
  };
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await core.index.setBucketSetting(core.bucket.id, 'policy', policy);
}

it.each([
  [['127.0.0.1/32'], 'https', 200],
  [['127.0.0.1/32'], 'http', 403],
  [[], 'https', 403],
])(
  'behind %j, a client that speaks %s gets %i where TLS is demanded',
  async (trustedProxies, protocol, status) => {
    server = await startCoreS3Server(core, { trustedProxies });
    await deny({ Bool: { 'aws:SecureTransport': 'false' } });
    expect(await getBucket({ 'x-forwarded-proto': protocol })).toBe(status);
  },
);

it.each([
  [['127.0.0.1/32'], '192.0.2.1', 403],
  [['127.0.0.1/32'], '192.0.2.1, 198.51.100.7', 200],
  [[], '192.0.2.1', 200],
])(
  'behind %j, %s gets %i where 192.0.2.0/24 is kept out',
  async (trustedProxies, forwarded, status) => {
    server = await startCoreS3Server(core, { trustedProxies });
    await deny({ IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } });
    expect(await getBucket({ 'x-forwarded-for': forwarded })).toBe(status);
  },
);
