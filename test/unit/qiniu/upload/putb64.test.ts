import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeUrlSafe } from '../../../../src/qiniu/encodings.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { type QiniuServer, startQiniuServer } from '../../../support/qiniu-server.ts';
import { patternBytes, uploadToken } from '../../../support/qiniu-uploads.ts';

const content = patternBytes(1000);
const base64 = content.toString('base64');

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

function send(path: string, body: string) {
  const headers = { authorization: `UpToken ${uploadToken({ scope: 'photos' })}` };
  return server.send({ path, headers, body });
}

it.each([
  ['standard base64', base64],
  ['URL-safe base64', encodeUrlSafe(content)],
  ['base64 without padding', base64.replace(/=+$/, '')],
  ['lines', base64.replace(/.{76}/g, '$&\r\n')],
])('stores %s', async (_what, body) => {
  for (const size of ['-1', '1000']) {
    const key = `k${size}`;
    const path = `/putb64/${size}/key/${encodeUrlSafe(key)}/mimeType/${encodeUrlSafe('image/x')}`;
    expect(await send(path, body)).toMatchObject({ status: 200, json: { key } });
    const object = await core.index.findObject(core.bucket.id, key);
    expect(object).toMatchObject({ size: 1000, headers: { 'content-type': 'image/x' } });
    expect(core.blobs.files.get(object?.fileId ?? '')?.equals(content)).toBe(true);
  }
});

it('stores nothing as an empty object named by its hash', async () => {
  const hash = 'Fto5o-5ea0sNMlW_75VgGJCv2AcJ';
  expect((await send('/putb64/0', '')).json).toEqual({ hash, key: hash });
});

it.each([
  ['another size', '/putb64/999', base64, 400],
  ['a size that is none', '/putb64/x', base64, 400],
  ['too large a size', '/putb64/99999999', base64, 413],
  ['what is no base64', '/putb64/-1', `${base64}!`, 400],
  ['bytes behind the padding', '/putb64/-1', 'AA==AA==', 400],
  ['a digit by itself', '/putb64/-1', 'AAAAA', 400],
  ['another CRC-32', '/putb64/-1/crc32/1', base64, 406],
  ['a name without value', '/putb64/-1/key', base64, 400],
  ['no token', '/putb64/-1', base64, 401],
])('refuses %s', async (what, path, body, status) => {
  const answer = what === 'no token' ? await server.send({ path, body }) : await send(path, body);
  expect(answer.status).toBe(status);
  expect(await core.keys()).toEqual([]);
  expect(core.spool.usedBytes).toBe(0);
});
