import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectIndex } from '../../../../src/object-index/object-index.ts';
import { encodeEntry, encodeUrlSafe } from '../../../../src/qiniu/encodings.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { put } from '../../../support/put-objects.ts';
import {
  otherQiniuKeyId,
  type QiniuServer,
  startQiniuServer,
} from '../../../support/qiniu-server.ts';

describe('a batch', () => {
  let core: TestCore;
  let server: QiniuServer;
  const deletions: number[] = [];

  beforeEach(async () => {
    deletions.length = 0;
    const plain = await createTestCore();
    const deleteObjects: ObjectIndex['deleteObjects'] = (bucketId, keys, ownerId) => {
      deletions.push(keys.length);
      return plain.index.deleteObjects(bucketId, keys, ownerId);
    };
    core = {
      ...plain,
      index: new Proxy(plain.index, {
        get: (target, name) =>
          name === 'deleteObjects' ? deleteObjects : Reflect.get(target, name),
      }),
    };
    server = await startQiniuServer(core);
  });
  afterEach(async () => {
    await server.close();
    await core.index.close();
  });

  const entry = (key: string, bucketName = 'photos') => encodeEntry(bucketName, key);
  async function batch(operations: readonly string[], accessKeyId?: string) {
    const body = operations.map((one) => `op=${encodeURIComponent(one)}`).join('&');
    const answer = await server.call('/batch', { body, ...(accessKeyId && { accessKeyId }) });
    const results = answer.json as readonly { code: number; data?: { error?: string } }[];
    return { status: answer.status, results, codes: results.map?.(({ code }) => code) };
  }

  it('answers each operation in its place, and 298 when one failed', async () => {
    await put(core, { key: 'a' });
    const { status, results } = await batch([
      `/stat/${entry('a')}`,
      `/stat/${entry('nope')}`,
      `/copy/${entry('a')}/${entry('b')}`,
      `/stat/${entry('b', 'nowhere')}`,
      '/what/ever',
      `/chgm/${entry('a')}/mime`,
    ]);
    expect(status).toBe(298);
    expect(results).toMatchObject([
      { code: 200, data: { fsize: 12 } },
      { code: 612, data: { error: 'no such file or directory' } },
      { code: 200 },
      { code: 631, data: { error: 'no such bucket' } },
      { code: 400, data: { error: 'invalid argument: unknown operation' } },
      { code: 400, data: { error: 'invalid argument' } },
    ]);
    expect(results[2]).not.toHaveProperty('data');
  });

  it('runs operations on the same object in their order', async () => {
    await put(core, { key: 'a' });
    const mime = encodeUrlSafe('x/y');
    const { status, codes } = await batch([
      `/copy/${entry('a')}/${entry('b')}`,
      `/stat/${entry('b')}`,
      `/chgm/${entry('b')}/mime/${mime}`,
      `/move/${entry('b')}/${entry('c')}`,
      `/delete/${entry('a')}`,
      `/copy/${entry('c')}/${entry('a')}`,
      `/delete/${entry('c')}`,
      `/stat/${entry('a')}`,
    ]);
    expect([status, codes]).toEqual([200, new Array(8).fill(200)]);
    expect(await core.keys()).toEqual(['a']);
    const found = await core.index.findObject(core.bucket.id, 'a');
    expect(found?.headers['content-type']).toBe('x/y');
  });

  it('tells of the second deletion of a key that there is nothing any more', async () => {
    await put(core, { key: 'a' });
    const path = `/delete/${entry('a')}`;
    expect((await batch([path, path])).codes).toEqual([200, 612]);
  });

  it('deletes a thousand objects in few transactions', async () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => put(core, { key })));
    const { status, codes } = await batch(keys.map((key) => `delete/${entry(key)}`));
    expect([status, new Set(codes)]).toEqual([200, new Set([200])]);
    expect(await core.keys()).toEqual([]);
    expect(deletions).toEqual(new Array(10).fill(100));
  });

  it.each([
    ['encoded', (path: string) => encodeURIComponent(`/${path}`)],
    ['encoded, without a slash', (path: string) => encodeURIComponent(path)],
    ['as it is', (path: string) => path],
    ['as it is, with a slash', (path: string) => `/${path}`],
  ])('reads operations that are %s', async (_what, write) => {
    await put(core, { key: 'a' });
    const path = `stat/${entry('a')}`;
    const body = `op=${write(path)}&other=1&op=${write(path)}`;
    const { status, json } = await server.call('/batch', { body });
    expect([status, (json as unknown[]).length]).toEqual([200, 2]);
  });

  it('refuses more than a thousand operations, and none', async () => {
    const many = new Array(1001).fill(`/stat/${entry('a')}`);
    expect((await batch(many)).status).toBe(400);
    expect((await server.call('/batch', { body: 'x=1' })).status).toBe(400);
    expect((await server.call('/batch')).status).toBe(400);
  });

  it('lets nobody do what they may not', async () => {
    await put(core, { key: 'a' });
    const { codes } = await batch(
      [`/stat/${entry('a')}`, `/delete/${entry('a')}`, `/delete/${entry('nope')}`],
      otherQiniuKeyId,
    );
    expect(codes).toEqual([403, 403, 403]);
    expect(await core.keys()).toEqual(['a']);
  });
});
