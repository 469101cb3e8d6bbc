import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DeleteObjectCommand,
  DeletePublicAccessBlockCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { s3ClientOf } from '../support/s3-client.ts';

const secret = 'FastDFS1234567890';
const content = Buffer.from('what people know by its ID');
const purged: (string | undefined)[] = [];
const cache = createServer((request, response) => {
  purged.push(request.url);
  response.end();
});

let gateway: GatewayProcess;

beforeAll(async () => {
  await new Promise<void>((resolve) => cache.listen(0, '127.0.0.1', resolve));
  const { port } = cache.address() as AddressInfo;
  gateway = await GatewayProcess.start({
    env: {
      GATEWAY_WORKERS: '2',
      GATEWAY_FILES_LISTEN: '127.0.0.1:0',
      GATEWAY_FILES_TOKEN_SECRET: secret,
      GATEWAY_FILES_PURGE: `http://127.0.0.1:${port}/purge`,
    },
  });
});

afterAll(async () => {
  await gateway.dispose();
  cache.closeAllConnections();
  await new Promise((resolve) => cache.close(resolve));
});

async function upload(): Promise<string> {
  const form = new FormData();
  form.set('app_id', gateway.accessKeyId);
  form.set('app_key', gateway.secretAccessKey);
  form.set('fastdfs', new Blob([new Uint8Array(content)]), 'a.jpg');
  const response = await fetch(`${gateway.filesUrl}/upload`, { method: 'POST', body: form });
  const { data } = (await response.json()) as { data: { fileId: string } };
  return data.fileId;
}

/** Of a link that never ends. */
function withToken(fileId: string): string {
  const name = fileId.slice('group1/'.length);
  const token = createHash('md5').update(`${name}${secret}0`).digest('hex');
  return `/${fileId}?token=${token}&ts=0`;
}

const get = async (path: string) => {
  const response = await fetch(gateway.filesUrl + path);
  return { status: response.status, body: await response.text() };
};

it('a file that was uploaded is read by token, by link, and by all once it is public', async () => {
  const fileId = await upload();
  expect((await get(`/${fileId}`)).status).toBe(400);

  expect(await get(withToken(fileId))).toEqual({
    status: 200,
    body: content.toString(),
  });

  const expires = Math.floor(Date.now() / 1000) + 60;
  const signed = `GET\n${fileId}\n${expires}`;
  const signature = createHmac('sha256', gateway.secretAccessKey).update(signed).digest('hex');
  const link = `app_id=${gateway.accessKeyId}&expires=${expires}&signature=${signature}`;
  expect((await get(`/${fileId}?${link}`)).status).toBe(200);

  const client = s3ClientOf(gateway);
  await client.send(new DeletePublicAccessBlockCommand({ Bucket: 'files' }));
  const statement = {
    ...{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject' },
    Resource: 'arn:aws:s3:::files/*',
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: statement });
  await client.send(new PutBucketPolicyCommand({ Bucket: 'files', Policy }));
  // Whichever process answers: connections are shared out among them.
  for (let tries = 0; tries < 8; tries += 1) {
    expect(await get(`/${fileId}`)).toEqual({ status: 200, body: content.toString() });
  }
});

it('caches are told when its key is deleted', async () => {
  const fileId = await upload();
  const client = s3ClientOf(gateway);
  expect((await get(`/${fileId}`)).status).toBe(200);
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'files' }));
  const keys = Contents.map(({ Key = '' }) => Key).filter((key) => key.includes(fileId.slice(-20)));
  for (const Key of keys) await client.send(new DeleteObjectCommand({ Bucket: 'files', Key }));
  await vi.waitFor(() => expect(purged).toContain(`/purge/${fileId}`), { timeout: 20_000 });
  // Without a token it is 400 as soon as nobody knows the file any more.
  expect((await get(withToken(fileId))).status).toBe(404);
});

it('a substitute that is not there is told at the start', async () => {
  const env = { GATEWAY_FILES_TOKEN_SUBSTITUTE: '/nothing/here.jpg' };
  const started = GatewayProcess.start({ env: { ...env, GATEWAY_FILES_LISTEN: '127.0.0.1:0' } });
  await expect(started).rejects.toThrow('GATEWAY_FILES_TOKEN_SUBSTITUTE');
});
