import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureQetag } from '../../../../src/core/kodo/ensure-qetag.ts';
import { encodeUrlSafe } from '../../../../src/qiniu/encodings.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { incomingContent } from '../../../support/incoming-content.ts';
import { put } from '../../../support/put-objects.ts';
import {
  otherQiniuKeyId,
  type QiniuServer,
  startQiniuServer,
} from '../../../support/qiniu-server.ts';

interface Listed {
  readonly marker?: string;
  readonly commonPrefixes?: readonly string[];
  readonly items: readonly { readonly key: string; readonly hash: string }[];
}

interface Line {
  readonly item: { readonly key: string } | null;
  readonly marker: string;
  readonly dir: string;
}

describe('listings', () => {
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

  async function putKeys(...keys: string[]) {
    for (const key of keys) await put(core, { key });
  }
  async function list(query: Readonly<Record<string, string | number>>, path = '/list') {
    const text = Object.entries({ bucket: 'photos', ...query })
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&');
    return await server.call(`${path}?${text}`);
  }
  async function page(query: Readonly<Record<string, string | number>> = {}): Promise<Listed> {
    const { status, json } = await list(query);
    expect(status).toBe(200);
    return json;
  }
  const keysOf = ({ items }: Listed) => items.map(({ key }) => key);
  async function lines(query: Readonly<Record<string, string | number>> = {}): Promise<Line[]> {
    const { status, text } = await list(query, '/v2/list');
    expect(status).toBe(200);
    const list_ = text.split('\n');
    expect(list_.pop()).toBe('');
    return list_.map((line) => JSON.parse(line));
  }

  it('tells of every object what clients need', async () => {
    const { etag } = await put(core, {
      key: 'a',
      subresources: { kodo: { endUser: 'u1', isDisabled: true } },
      description: {
        headers: { 'content-type': 'text/plain', 'x-amz-storage-class': 'STANDARD_IA' },
        userMetadata: {},
      },
    });
    await putKeys('b');
    const { items, ...rest } = await page();
    expect(rest).toEqual({});
    const putTime = core.clock.nowMs * 10_000;
    const common = { hash: 'Fii2GVNYMOJ6hqVqlpiFeP2gDqic', fsize: 12, putTime, md5: etag };
    expect(items).toEqual([
      { key: 'a', ...common, mimeType: 'text/plain', type: 1, status: 1, endUser: 'u1' },
      { key: 'b', ...common, mimeType: 'application/octet-stream', type: 0, status: 0 },
    ]);
  });

  it('pages by markers of the documented shape until there is none', async () => {
    await putKeys('', 'a', 'b', 'd/1', 'd/2', '七');
    const found: string[] = [];
    let marker = '';
    do {
      const one = await page({ limit: 2, marker });
      found.push(...keysOf(one));
      marker = one.marker ?? '';
      if (marker !== '') {
        expect(JSON.parse(Buffer.from(marker, 'base64url').toString())).toEqual({
          ...{ c: 0, k: found.at(-1) },
        });
      }
    } while (marker !== '');
    expect(found).toEqual(['', 'a', 'b', 'd/1', 'd/2', '七']);
  });

  it('groups common prefixes, which count towards the limit', async () => {
    await putKeys('a', 'd/1', 'd/2', 'e/1', 'f');
    const first = await page({ delimiter: '/', limit: 2 });
    expect([keysOf(first), first.commonPrefixes]).toEqual([['a'], ['d/']]);
    const second = await page({ delimiter: '/', limit: 2, marker: first.marker ?? '' });
    expect([keysOf(second), second.commonPrefixes]).toEqual([['f'], ['e/']]);
    expect(second.marker).toBeUndefined();
    const inside = await page({ delimiter: '/', prefix: 'd/' });
    expect([keysOf(inside), inside.commonPrefixes]).toEqual([['d/1', 'd/2'], []]);
  });

  it('gives an array also when there is nothing', async () => {
    expect(await page({ prefix: 'x', marker: '', delimiter: '' })).toEqual({ items: [] });
  });

  it.each([
    [{ limit: 0 }, 400],
    [{ limit: 1001 }, 400],
    [{ limit: 'x' }, 400],
    [{ marker: '***' }, 640],
    [{ marker: encodeUrlSafe('{"c":0}') }, 640],
    [{ marker: encodeUrlSafe('not json') }, 640],
    [{ bucket: 'nowhere' }, 631],
    [{ bucket: '' }, 400],
  ])('%j is refused with %i', async (query, status) => {
    expect((await list(query as never)).status).toBe(status);
    if (!('limit' in query) || query.limit === 'x') {
      expect((await list(query as never, '/v2/list')).status).toBe(status);
    }
  });

  it('is not for others', async () => {
    const answer = await server.call('/list?bucket=photos', { accessKeyId: otherQiniuKeyId });
    expect(answer.status).toBe(403);
  });

  it('streams a line for each object and common prefix, in the order of keys', async () => {
    await putKeys('', 'a', 'd/1', 'd/2', 'e');
    const found = await lines({ delimiter: '/', limit: 0, marker: '' });
    expect(found.map(({ item, dir }) => item?.key ?? dir)).toEqual(['', 'a', 'd/', 'e']);
    expect(found[2]).toMatchObject({ item: null, dir: 'd/' });
    expect(found.map(({ marker }) => marker === '')).toEqual([false, false, false, true]);
    const [, , { marker } = { marker: '' }] = found;
    const rest = await lines({ delimiter: '/', marker });
    expect(rest.map(({ item }) => item?.key)).toEqual(['e']);
  });

  it('streams any number of pages, or as many lines as are asked for', async () => {
    const keys = Array.from({ length: 2100 }, (_, index) => `k${String(index).padStart(4, '0')}`);
    await Promise.all(keys.map((key) => put(core, { key, content: incomingContent('') })));
    const all = await lines();
    expect(all.map(({ item }) => item?.key)).toEqual(keys);
    const some = await lines({ limit: 1500 });
    expect(some).toHaveLength(1500);
    expect(some.at(-1)?.marker).not.toBe('');
    expect(await lines({ prefix: 'none' })).toEqual([]);
  });

  it('computes the hashes of a page as far as it may take, and the others later', async () => {
    const keys = Array.from({ length: 130 }, (_, index) => `k${String(index).padStart(3, '0')}`);
    await Promise.all(keys.map((key) => put(core, { key })));
    for (const key of keys) {
      const change = { qetag: null };
      await core.index.changeObject({ bucketId: core.bucket.id, key, versionId: null, change });
    }
    const { items } = await page();
    const known = items.filter(({ hash }) => hash !== '');
    expect(known.length).toBeGreaterThanOrEqual(100);
    expect(known.map(({ key }) => key).slice(0, 100)).toEqual(keys.slice(0, 100));
    await expect.poll(async () => (await page()).items.every(({ hash }) => hash !== '')).toBe(true);
  });
});

describe('ensureQetag', () => {
  it('stores nothing for an object that was replaced while it was read', async () => {
    const core = await createTestCore();
    const old = await put(core, { key: 'a', content: incomingContent('old') });
    await put(core, { key: 'a', content: incomingContent('new') });
    expect(await ensureQetag(core, { ...old, qetag: null })).toBeNull();
    await core.index.close();
  });
});
