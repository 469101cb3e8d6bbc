import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateBucketCommand,
  DeleteBucketCorsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Chromium, chromiumProgram } from '../support/chromium.ts';
import { describeWithProgram } from '../support/command-line.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { signedFields } from '../support/post-policy.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

/** Runs in the page: posts fields and a file as a script does, and tells what it gets to read. */
const postByScript = async (url: string, fields: Record<string, string>, content: string) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([content]), 'cat.txt');
  try {
    const response = await fetch(url, { method: 'POST', body: form });
    return `${response.status} ${response.headers.get('etag')}`;
  } catch (error) {
    return String(error);
  }
};

/** Runs in the page: uploads to a link. */
const putByScript = async (url: string, content: string) => {
  try {
    const headers = { 'content-type': 'image/x-test' };
    const response = await fetch(url, { method: 'PUT', body: content, headers });
    return `${response.status} ${response.headers.get('etag')}`;
  } catch (error) {
    return String(error);
  }
};

/** Runs in the page: a form with a file that was picked, as a user sends it, with a button behind. */
const submitForm = (url: string, fields: Record<string, string>, size: number) => {
  // biome-ignore lint/suspicious/noExplicitAny: a page's globals, which Node's types do not know
  const { document, DataTransfer } = globalThis as any;
  const form = document.createElement('form');
  Object.assign(form, { method: 'post', action: url, enctype: 'multipart/form-data' });
  const input = (facts: object) =>
    form.append(Object.assign(document.createElement('input'), facts));
  for (const [name, value] of Object.entries(fields)) input({ type: 'hidden', name, value });
  const picked = new DataTransfer();
  picked.items.add(new File([new Uint8Array(size).fill(97)], 'Foto ü.jpg'));
  input({ type: 'file', name: 'file', files: picked.files });
  input({ type: 'submit', name: 'submit', value: 'Upload' });
  document.body.append(form);
  form.querySelector('input[type=submit]').click();
};

describeWithProgram(chromiumProgram, () => {
  const Bucket = newBucketName('browser');
  let gateway: GatewayProcess;
  let s3: S3Client;
  let pages: Server;
  let origin: string;
  let chromium: Chromium;

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    s3 = s3ClientOf(gateway, { requestChecksumCalculation: 'WHEN_REQUIRED' });
    await s3.send(new CreateBucketCommand({ Bucket }));
    pages = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end('<!doctype html><title>shop</title><body><h1>Upload</h1>');
    });
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    chromium = await Chromium.start();
    await chromium.open(`${origin}/`);
  });

  afterAll(async () => {
    await chromium.close();
    pages.close();
    pages.closeAllConnections();
    await deleteAllBuckets(s3);
    await gateway.dispose();
  });

  const call = <Value>(script: (...given: never[]) => unknown, ...given: unknown[]) =>
    chromium.evaluate<Value>(`(${script})(${given.map((item) => JSON.stringify(item)).join()})`);
  const fieldsOf = (key: string, more: Record<string, string> = {}) =>
    signedFields(gateway, Bucket, { key, ...more }, [['starts-with', '$key', '']]);
  const url = () => `${gateway.endpoint}/${Bucket}`;
  const sizeOf = async (Key: string) =>
    (await s3.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength;

  async function allow(rule: { methods: string[]; headers?: string[] } | null): Promise<void> {
    if (rule === null) {
      await s3.send(new DeleteBucketCorsCommand({ Bucket }));
      return;
    }
    const CORSRule = {
      AllowedOrigins: [origin],
      AllowedMethods: rule.methods,
      AllowedHeaders: rule.headers ?? [],
      ExposeHeaders: ['ETag'],
    };
    const CORSConfiguration = { CORSRules: [CORSRule] };
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
  }

  it('PUT to a link from a page of another origin needs a rule', async () => {
    const link = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'put' }));
    await allow(null);
    expect(await call(putByScript, link, 'hello')).toContain('Failed to fetch');
    await allow({ methods: ['GET'], headers: ['content-type'] });
    expect(await call(putByScript, link, 'hello')).toContain('Failed to fetch');
    await allow({ methods: ['PUT'] });
    expect(await call(putByScript, link, 'hello')).toContain('Failed to fetch');
    await expect(sizeOf('put')).rejects.toThrow();

    await allow({ methods: ['PUT'], headers: ['content-type'] });
    expect(await call(putByScript, link, 'hello')).toBe('200 "5d41402abc4b2a76b9719d911017c592"');
    expect(await sizeOf('put')).toBe(5);
  });

  it('the answer to a form that a script posts can be read where a rule says so', async () => {
    await allow(null);
    expect(await call(postByScript, url(), fieldsOf('a'), 'hello')).toContain('Failed to fetch');
    await allow({ methods: ['POST'] });
    expect(await call(postByScript, url(), fieldsOf('b'), 'hello')).toBe(
      '204 "5d41402abc4b2a76b9719d911017c592"',
    );
    const refused = { ...fieldsOf('b'), 'x-amz-signature': '0' };
    expect(await call(postByScript, url(), refused, 'hello')).toBe('403 null');
  });

  it.each([
    ['a small file', 1000],
    ['a file that is streamed', 3 * 2 ** 20],
  ])('a form with %s needs no rule, and leads where it says', async (_name, size) => {
    await allow(null);
    const key = `user/${size}/\${filename}`;
    const done = `${origin}/done`;
    await chromium.open(`${origin}/`);
    const fields = signedFields(gateway, Bucket, { key, success_action_redirect: done }, [
      ['starts-with', '$key', 'user/'],
    ]);
    // Its button is sent as well, behind the file.
    await call(submitForm, url(), fields, size);
    await chromium.waitFor(`location.pathname === '/done'`);
    const landed = new URL(await chromium.evaluate<string>('location.href'));
    const stored = landed.searchParams.get('key') ?? '';
    expect(landed.searchParams.get('bucket')).toBe(Bucket);
    expect(stored).toBe(`user/${size}/Foto ü.jpg`);
    const object = await s3.send(new GetObjectCommand({ Bucket, Key: stored }));
    expect(landed.searchParams.get('etag')).toBe(object.ETag);
    expect(await object.Body?.transformToString()).toBe('a'.repeat(size));
  });
});
