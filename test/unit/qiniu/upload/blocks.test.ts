import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newUploadId } from '../../../../src/core/multipart/create-upload.ts';
import { keylessUploadsKeptMs } from '../../../../src/core/multipart/keyless-uploads.ts';
import { encodeUrlSafe } from '../../../../src/qiniu/encodings.ts';
import { encodeContext } from '../../../../src/qiniu/upload/block-context.ts';
import vectors from '../../../fixtures/qiniu/qetag.json' with { type: 'json' };
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { nineMiB } from '../../../support/qiniu-captures.ts';
import {
  otherQiniuKeyId,
  type QiniuServer,
  qiniuKey,
  startQiniuServer,
} from '../../../support/qiniu-server.ts';
import { uploadToken } from '../../../support/qiniu-uploads.ts';

const mib = 1024 ** 2;
const whole = nineMiB.subarray(0, 5 * mib);
const wholeHash = vectors.composite.find(({ partCount }) => partCount === 1)?.partEtags?.[0];

interface BlockAnswer {
  readonly ctx: string;
  readonly checksum: string;
  readonly crc32: number;
  readonly offset: number;
  readonly host: string;
  readonly expired_at: number;
}

let core: TestCore;
let server: QiniuServer;
beforeEach(async () => {
  core = await createTestCore({ replayBufferSizeBytes: 64 * 1024 });
  server = await startQiniuServer(core);
});
afterEach(async () => {
  await server.close();
  await core.index.close();
});

function send(path: string, body: string | Buffer, token = uploadToken({ scope: 'photos' })) {
  return server.send({ path, headers: { authorization: `UpToken ${token}` }, body });
}

async function stored(path: string, body: Buffer): Promise<BlockAnswer> {
  const answer = await send(path, body);
  expect(answer.status).toBe(200);
  return answer.json as unknown as BlockAnswer;
}

/** A block of chunks of these sizes, from that byte of the pattern on; its last context. */
async function block(from: number, blockSize: number, chunkSizes: readonly number[] = [blockSize]) {
  let last: BlockAnswer | null = null;
  for (const size of chunkSizes) {
    const offset: number = last?.offset ?? 0;
    const path = last === null ? `/mkblk/${blockSize}` : `/bput/${last.ctx}/${offset}`;
    last = await stored(path, nineMiB.subarray(from + offset, from + offset + size));
  }
  return last?.ctx ?? '';
}

const keyPath = (key: string) => `/key/${encodeUrlSafe(key)}`;

it('tells of each chunk what clients check', async () => {
  const chunk = Buffer.from('hello kodo\n');
  const first = await stored('/mkblk/22', chunk);
  const crc32 = 836_152_152;
  const checksum = 'N4qni24eSdx2QnDQ_otyiBYOCuE=';
  expect(first).toEqual({
    ...{ ctx: expect.stringMatching(/^[\w-]+$/), crc32, checksum, offset: 11 },
    host: server.endpoint,
    expired_at: Math.floor((core.clock.nowMs + keylessUploadsKeptMs) / 1000),
  });
  const second = await stored(`/bput/${first.ctx}/11`, chunk);
  expect(second).toMatchObject({ crc32, offset: 22, expired_at: first.expired_at });
  expect(second.checksum).not.toBe(checksum);
  expect(second.ctx).not.toBe(first.ctx);
});

describe('mkfile', () => {
  it.each([
    ['whole blocks', [4 * mib], [mib]],
    ['chunks', [mib, 2 * mib, mib], [512 * 1024, 1, 512 * 1024 - 1]],
  ])(
    'makes an object of %s, with the hash of the whole and no byte read again',
    async (_what, first, second) => {
      const contexts = [
        await block(4 * mib * 0, 4 * mib, first),
        await block(4 * mib, mib, second),
      ];
      const read = core.blobs.open;
      core.blobs.open = () => Promise.reject(new Error('read'));
      const answer = await send(`/mkfile/${whole.length}${keyPath('a')}`, contexts.join(','));
      core.blobs.open = read;
      expect(answer).toMatchObject({ status: 200, json: { hash: wholeHash, key: 'a' } });
      const object = await core.index.findObject(core.bucket.id, 'a');
      expect(object).toMatchObject({
        size: whole.length,
        qetag: wholeHash,
        partCount: first.length + second.length,
      });
      expect(object?.etag).toMatch(new RegExp(`^[0-9a-f]{32}-${first.length + second.length}$`));
      const segments = await core.index.listSegments(object?.id ?? 0, 0, 100);
      const bytes = segments.map(({ fileId }) => core.blobs.files.get(fileId) ?? Buffer.alloc(0));
      expect(Buffer.concat(bytes).equals(whole)).toBe(true);
      expect(await core.queued()).toEqual([]);
    },
  );

  it('repeats its answer to a client that lost it', async () => {
    const context = await block(0, mib);
    const path = `/mkfile/${mib}${keyPath('a')}`;
    const first = await send(path, context);
    expect(await send(path, context)).toMatchObject({ status: 200, json: first.json });
    await core.index.forgetCompletedUploads(core.clock.nowMs + 1);
    expect((await send(path, context)).status).toBe(701);
  });

  it('takes names in any order, and the type by the name of the file', async () => {
    const context = await block(0, mib);
    const path = `/mkfile/${mib}/x-qn-meta-color/${encodeUrlSafe('red')}/fname/${encodeUrlSafe('七.mp4')}/unknown/!/x:u/${encodeUrlSafe('v')}${keyPath('')}/`;
    const returnBody = '{"u":$(x:u),"f":$(fname),"k":$(key),"m":$(mimeType)}';
    const answer = await send(path, context, uploadToken({ scope: 'photos', returnBody }));
    expect(answer.json).toEqual({ u: 'v', f: '七.mp4', k: '', m: 'video/mp4' });
    const object = await core.index.findObject(core.bucket.id, '');
    expect(object).toMatchObject({ userMetadata: { color: 'red' } });
    // S3 does not know such keys.
    expect(await core.keys()).toEqual([]);
  });

  it('makes empty objects', async () => {
    const answer = await send(`/mkfile/0${keyPath('empty')}`, '');
    expect(answer.json).toEqual({ hash: 'Fto5o-5ea0sNMlW_75VgGJCv2AcJ', key: 'empty' });
  });

  it.each([
    [{ scope: 'photos' }, true, 200],
    [{ scope: 'photos', insertOnly: 1 }, true, 614],
    [{ scope: 'photos' }, false, 614],
    [{ scope: 'photos:a' }, false, 200],
  ])(
    'with %j, where blocks overwrite: %s, answers another object with %i',
    async (policy, blocksOverwrite, status) => {
      await send(`/mkfile/0${keyPath('a')}`, '');
      const uploads = {
        ignoresPersistentOps: false,
        blocksOverwrite,
        callbackScheme: 'QBox',
        callbackTimeoutMs: 1000,
      } as const;
      await server.close();
      server = await startQiniuServer(core, { uploads });
      const context = await block(0, mib);
      const path = `/mkfile/${mib}${keyPath('a')}`;
      const answer = await send(path, context, uploadToken(policy));
      expect(answer.status).toBe(status);
      expect((await core.index.findObject(core.bucket.id, 'a'))?.size).toBe(
        status === 200 ? mib : 0,
      );
      // Blocks stay until they expire: another key may be tried.
      const again = await send(`/mkfile/${mib}${keyPath('b')}`, context);
      expect(again.status).toBe(status === 200 ? 701 : 200);
    },
  );

  it('refuses more chunks than one transaction may take', async () => {
    const blockSize = 4 * mib;
    const contexts = Array.from({ length: 7 }, (_, index) =>
      encodeContext(
        {
          ...{ bucketId: core.bucket.id, chunkCount: 65_535, offset: blockSize, blockSize },
          uploadId: newUploadId(core.now()),
          chain: Buffer.alloc(20, index),
        },
        qiniuKey.secretAccessKey,
      ),
    );
    const path = `/mkfile/${7 * blockSize}${keyPath('a')}`;
    expect((await send(path, contexts.join(','))).status).toBe(400);
    expect((await send(`/mkfile/${6 * blockSize}`, contexts.slice(1).join(','))).status).toBe(701);
  });

  it.each([
    ['of another size', (ctx: string) => [`/mkfile/${mib + 1}`, ctx], 400],
    ['that is listed twice', (ctx: string) => [`/mkfile/${2 * mib}`, `${ctx},${ctx}`], 400],
    ['that is none', () => [`/mkfile/${mib}`, 'x'], 701],
    [
      'of which one character is another',
      (ctx: string) => [`/mkfile/${mib}`, `${ctx.startsWith('AA') ? 'AB' : 'AA'}${ctx.slice(2)}`],
      701,
    ],
    ['without one of its names', (ctx: string) => [`/mkfile/${mib}/key`, ctx], 400],
    ['with a name that is no base64', (ctx: string) => [`/mkfile/${mib}/key/%21`, ctx], 400],
    ['of no size', (ctx: string) => ['/mkfile/x', ctx], 400],
  ])('refuses a block %s', async (_what, request, status) => {
    const [path = '', body = ''] = request(await block(0, mib));
    const answer = await send(path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(await core.keys()).toEqual([]);
  });

  it('refuses blocks that are short in the middle, or over', async () => {
    const short = await block(0, mib);
    const last = await block(mib, mib);
    expect((await send(`/mkfile/${2 * mib}`, `${short},${last}`)).status).toBe(400);
    core.clock.nowMs += keylessUploadsKeptMs + 1000;
    expect((await send(`/mkfile/${mib}`, short)).status).toBe(701);
  });

  it('refuses the blocks of others', async () => {
    const context = await block(0, mib);
    const other = await core.index.createBucket({
      ...core.bucket,
      name: 'bobs',
      ownerId: core.bob.userId,
    });
    expect(other.created).toBe(true);
    const token = uploadToken({ scope: 'bobs' }, otherQiniuKeyId);
    expect((await send(`/mkfile/${mib}`, context, token)).status).toBe(701);
  });

  it('refuses a block of which a chunk was replaced', async () => {
    const first = await stored(`/mkblk/${mib}`, nineMiB.subarray(0, 10));
    const second = await stored(`/bput/${first.ctx}/10`, nineMiB.subarray(10, 20));
    const last = await stored(`/bput/${second.ctx}/20`, nineMiB.subarray(20, mib));
    await stored(`/bput/${first.ctx}/10`, Buffer.alloc(10));
    expect((await send(`/mkfile/${mib}`, last.ctx)).status).toBe(701);
  });
});

describe('a chunk', () => {
  it.each([
    ['larger than its block', '/mkblk/5', 413],
    ['of a block that is too large', `/mkblk/${4 * mib + 1}`, 400],
    ['of an empty block', '/mkblk/0', 400],
    ['of an unknown block', '/bput/AAAA/0', 701],
  ])('%s is refused', async (_what, path, status) => {
    expect((await send(path, Buffer.from('hello kodo'))).status).toBe(status);
    expect(core.blobs.files.size).toBe(0);
  });

  it('at another offset is refused, and one that goes beyond its block', async () => {
    const { ctx } = await stored('/mkblk/20', Buffer.from('hello kodo'));
    expect((await send(`/bput/${ctx}/9`, 'x')).status).toBe(701);
    expect((await send(`/bput/${ctx}/10`, 'x'.repeat(11))).status).toBe(413);
    expect((await send(`/bput/${ctx}/10`, '')).status).toBe(400);
  });

  it('may be sent in HTTP chunks', async () => {
    const token = uploadToken({ scope: 'photos' });
    const headers = { authorization: `UpToken ${token}`, 'transfer-encoding': 'chunked' };
    const body = nineMiB.subarray(0, 100_000);
    const answer = await server.send({ path: '/mkblk/100000', headers, body });
    expect(answer).toMatchObject({ status: 200, json: { offset: 100_000 } });
    expect(core.spool.usedBytes).toBe(0);
  });

  it('of somebody who may not write there is refused', async () => {
    const token = uploadToken({ scope: 'photos' }, otherQiniuKeyId);
    expect((await send('/mkblk/5', 'hello', token)).status).toBe(403);
  });

  it('that comes again takes the place of the first', async () => {
    const first = await stored('/mkblk/20', Buffer.from('hello kodo'));
    const path = `/bput/${first.ctx}/10`;
    await stored(path, Buffer.from('0123456789'));
    const { ctx } = await stored(path, Buffer.from('0123456789'));
    expect((await send(`/mkfile/20${keyPath('a')}`, ctx)).status).toBe(200);
    expect(await core.queued()).toHaveLength(1);
  });
});
