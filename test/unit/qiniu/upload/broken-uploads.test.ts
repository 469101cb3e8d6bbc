import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { type QiniuServer, startQiniuServer } from '../../../support/qiniu-server.ts';
import { formRequest, patternBytes, uploadToken } from '../../../support/qiniu-uploads.ts';

let core: TestCore;
let server: QiniuServer;
beforeEach(async () => {
  core = await createTestCore();
  server = await startQiniuServer(core);
});
afterEach(async () => {
  await server.close();
  await core.index.close();
});

const token = uploadToken({ scope: 'photos' });
const bytes = patternBytes(400_000);
const form = formRequest([
  { name: 'token', value: token },
  { name: 'file', value: bytes, fileName: 'f' },
]);
const authorized = { authorization: `UpToken ${token}` };

/** Sends most of a body and hangs up. */
async function breakOff(
  path: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const request = httpRequest(`${server.endpoint}${path}`, { method, headers });
    request.on('error', () => {});
    request.on('close', () => resolve());
    request.write(body.subarray(0, body.length - 1000), () => request.destroy());
  });
}

it.each([
  ['a form', '/', 'POST', form.headers, form.body],
  [
    'a form of known length',
    '/',
    'POST',
    { ...form.headers, 'content-length': String(form.body.length) },
    form.body,
  ],
  ['base64', '/putb64/-1', 'POST', authorized, Buffer.from(bytes.toString('base64'))],
  ['a block', '/mkblk/400000', 'POST', { ...authorized, 'content-length': '400000' }, bytes],
  ['a block in HTTP chunks', '/mkblk/400000', 'POST', authorized, bytes],
])('%s that breaks off leaves nothing', async (_what, path, method, headers, body) => {
  await breakOff(path, method, headers, body);
  await vi.waitFor(() =>
    expect(server.logLines.some((line) => 'status' in line || 'httpStatus' in line)).toBe(true),
  );
  await vi.waitFor(() => expect(core.spool.usedBytes).toBe(0));
  expect(await core.keys()).toEqual([]);
  const listed = await core.index.listUploads({
    ...{ bucketId: core.bucket.id, prefix: '', delimiter: '', limit: 10 },
    ...{ keyMarker: '', uploadIdMarker: '' },
  });
  expect(listed.uploads).toEqual([]);
  // Whatever a storage server took nevertheless waits for its deletion.
  await vi.waitFor(async () => expect(await core.queued()).toHaveLength(core.blobs.files.size));
});

it('an index that fails leaves no object, and its files for the operator where nobody knows', async () => {
  const { index } = core;
  const putObject = index.putObject;
  index.putObject = () => Promise.reject(new Error('lost'));
  expect((await server.send(form)).status).toBe(599);
  index.putObject = putObject;
  expect(await core.keys()).toEqual([]);
  expect(core.spool.usedBytes).toBe(0);
});
