import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bucket } from '../../../../src/object-index/records.ts';
import { encodeEntry, encodeUrlSafe } from '../../../../src/qiniu/encodings.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { put } from '../../../support/put-objects.ts';
import {
  otherQiniuKeyId,
  type QiniuServer,
  startQiniuServer,
} from '../../../support/qiniu-server.ts';

/** Of `a small body`. */
const smallHash = 'Fii2GVNYMOJ6hqVqlpiFeP2gDqic';
const dayMs = 86_400_000;

describe('operations on objects', () => {
  let core: TestCore;
  let server: QiniuServer;
  let bucket: Bucket;

  beforeEach(async () => {
    core = await createTestCore();
    ({ bucket } = core);
    server = await startQiniuServer(core);
  });
  afterEach(async () => {
    await server.close();
    await core.index.close();
  });

  const entry = (key: string, bucketName = 'photos') => encodeEntry(bucketName, key);
  const find = (key: string) => core.index.findObject(bucket.id, key);
  async function ok(path: string) {
    const { status, text, json } = await server.call(path);
    expect([path, status, text]).toEqual([path, 200, expect.any(String)]);
    return json as Record<string, unknown>;
  }
  async function refused(path: string, accessKeyId?: string) {
    const answer = await server.call(path, accessKeyId ? { accessKeyId } : {});
    return [answer.status, (answer.json as { error?: string } | undefined)?.error];
  }
  async function otherBucket() {
    const made = await core.index.createBucket({
      ...{ name: 'other', ownerId: core.alice.userId, locationConstraint: null, createdAtMs: 0 },
    });
    return made.bucket;
  }

  describe('stat', () => {
    it('tells what Kodo tells of an object, and stores the hash that it had to compute', async () => {
      const { etag } = await put(core, {
        key: 'k',
        description: {
          headers: { 'content-type': 'text/plain' },
          userMetadata: { color: 'red', name: Buffer.from('七').toString('latin1') },
        },
      });
      await core.index.changeObject({
        ...{ bucketId: bucket.id, key: 'k', versionId: null },
        change: { qetag: null, kodo: { endUser: 'u1' } },
      });
      expect(await ok(`/stat/${entry('k')}`)).toEqual({
        ...{ fsize: 12, hash: smallHash, mimeType: 'text/plain', type: 0, status: 0, md5: etag },
        ...{ putTime: core.clock.nowMs * 10_000, endUser: 'u1' },
        'x-qn-meta': { color: 'red', name: '七' },
      });
      expect((await find('k'))?.qetag).toBe(smallHash);
    });

    it('keeps every digit of the time', async () => {
      core.clock.nowMs = 1_763_726_399_999;
      await put(core, { key: 'k' });
      const { text } = await server.call(`/stat/${entry('k')}`);
      expect(text).toContain('"putTime":17637263999990000,');
    });

    it('tells the sizes of parts when asked', async () => {
      await put(core, { key: 'k' });
      expect(await ok(`/stat/${entry('k')}?needparts=true`)).toMatchObject({ parts: [12] });
    });

    it.each([
      ['missing', 612, 'no such file or directory'],
      ['', 612, 'no such file or directory'],
    ])('refuses %j', async (key, status, error) => {
      expect(await refused(`/stat/${entry(key)}`)).toEqual([status, error]);
    });

    it('refuses unknown buckets and malformed entries', async () => {
      expect(await refused(`/stat/${entry('k', 'nowhere')}`)).toEqual([631, 'no such bucket']);
      for (const bad of ['!!', encodeUrlSafe('photos'), encodeUrlSafe(Buffer.from([0xff, 0x3a]))]) {
        expect((await refused(`/stat/${bad}`))[0]).toBe(400);
      }
    });

    it('finds the empty key', async () => {
      await put(core, { key: '' });
      expect(await ok(`/stat/${entry('')}`)).toMatchObject({ fsize: 12 });
    });

    it('tells others nothing, not even what is missing', async () => {
      await put(core, { key: 'k' });
      for (const key of ['k', 'missing']) {
        const answer = await refused(`/stat/${entry(key)}`, otherQiniuKeyId);
        expect(answer).toEqual([403, 'access denied']);
      }
    });
  });

  describe('copy and move', () => {
    const attributes = { kodo: { endUser: 'u1' }, expiresAtMs: 5 };

    it('copy keeps hash, type, metadata and state, and gets a new time', async () => {
      await put(core, {
        ...{ key: 'a', subresources: attributes },
        description: {
          headers: { 'content-type': 'x/y', 'x-amz-storage-class': 'STANDARD_IA' },
          userMetadata: { k: 'v' },
        },
      });
      const before = await ok(`/stat/${entry('a')}`);
      core.clock.nowMs += 1000;
      await ok(`/copy/${entry('a')}/${entry('b')}`);
      const { expiration: _, ...kept } = before;
      const putTime = core.clock.nowMs * 10_000;
      expect(await ok(`/stat/${entry('b')}`)).toEqual({ ...kept, putTime });
      expect((await find('b'))?.fileId).toBe((await find('a'))?.fileId);
    });

    it('move keeps all of it, its time too', async () => {
      const { bucket: other } = { bucket: await otherBucket() };
      await put(core, { key: 'a', subresources: attributes });
      const before = await ok(`/stat/${entry('a')}`);
      core.clock.nowMs += 1000;
      await ok(`/move/${entry('a')}/${entry('b')}`);
      expect(await ok(`/stat/${entry('b')}`)).toEqual(before);
      await ok(`/move/${entry('b')}/${entry('c', other.name)}/force/false`);
      expect(await ok(`/stat/${entry('c', other.name)}`)).toEqual(before);
      expect(await refused(`/stat/${entry('b')}`)).toEqual([612, 'no such file or directory']);
      expect(await core.queued()).toEqual([]);
    });

    it.each(['copy', 'move'])('%s replaces only what it is forced to', async (name) => {
      await put(core, { key: 'a' });
      await put(core, { key: 'b' });
      const path = `/${name}/${entry('a')}/${entry('b')}`;
      expect(await refused(path)).toEqual([614, 'file exists']);
      expect(await refused(`${path}/force/false`)).toEqual([614, 'file exists']);
      expect(await refused(`${path}/force/maybe`)).toEqual([400, 'invalid argument: force']);
      expect(await refused(`${path}/force`)).toEqual([400, 'invalid argument']);
      await ok(`${path}/force/true`);
      expect(await core.keys()).toEqual(name === 'copy' ? ['a', 'b'] : ['b']);
    });

    it.each(['copy', 'move'])('%s onto itself changes nothing', async (name) => {
      await put(core, { key: 'a' });
      const path = `/${name}/${entry('a')}/${entry('a')}`;
      expect(await refused(path)).toEqual([614, 'file exists']);
      await ok(`${path}/force/true`);
      expect(await core.keys()).toEqual(['a']);
      expect(await core.queued()).toEqual([]);
    });

    it.each(['copy', 'move'])('%s tells what is missing', async (name) => {
      await put(core, { key: 'a' });
      const to = entry('b');
      expect(await refused(`/${name}/${entry('nope')}/${to}`)).toEqual([
        ...[612, 'no such file or directory'],
      ]);
      expect(await refused(`/${name}/${entry('a', 'none')}/${to}`)).toEqual([
        631,
        'no such bucket',
      ]);
      expect(await refused(`/${name}/${entry('a')}/${entry('b', 'none')}`)).toEqual([
        ...[631, 'no such bucket'],
      ]);
      expect((await refused(`/${name}/${entry('a')}/${entry('x'.repeat(751))}`))[0]).toBe(400);
      expect(await refused(`/${name}/${entry('a')}/${to}`, otherQiniuKeyId)).toEqual([
        ...[403, 'access denied'],
      ]);
      expect(await core.keys()).toEqual(['a']);
    });

    it('works with empty keys', async () => {
      await put(core, { key: 'a' });
      await ok(`/move/${entry('a')}/${entry('')}`);
      await ok(`/copy/${entry('')}/${entry('b')}`);
      await ok(`/delete/${entry('')}`);
      expect(await core.keys()).toEqual(['b']);
    });
  });

  describe('delete', () => {
    it('deletes what is there', async () => {
      await put(core, { key: 'a' });
      const { status, text } = await server.call(`/delete/${entry('a')}`);
      expect([status, text]).toEqual([200, '']);
      expect(await refused(`/delete/${entry('a')}`)).toEqual([612, 'no such file or directory']);
    });

    it('leaves a delete marker where the bucket has versions, which is nothing to delete', async () => {
      await core.index.setBucketVersioning(bucket.id, 'Enabled');
      await put(core, { key: 'a' });
      await ok(`/delete/${entry('a')}`);
      expect(await find('a')).toMatchObject({ isDeleteMarker: true });
      expect(await refused(`/delete/${entry('a')}`)).toEqual([612, 'no such file or directory']);
    });

    it('is not for others', async () => {
      await put(core, { key: 'a' });
      expect((await refused(`/delete/${entry('a')}`, otherQiniuKeyId))[0]).toBe(403);
      expect(await core.keys()).toEqual(['a']);
    });
  });

  describe('chgm', () => {
    const b64 = encodeUrlSafe;

    it('changes what is named and keeps the rest', async () => {
      const userMetadata = { kept: 'k', color: 'red' };
      await put(core, { key: 'a', description: { headers: { expires: 'x' }, userMetadata } });
      const meta = `x-qn-meta-Color/${b64('蓝')}/x-qn-meta-new/${b64('n')}`;
      const headers = `x-qn-meta-!Cache-Control/${b64('no-cache')}/contentLanguage/${b64('de')}`;
      await ok(`/chgm/${entry('a')}/mime/${b64('image/png')}/${meta}/${headers}/unknown/x`);
      expect(await ok(`/stat/${entry('a')}`)).toMatchObject({
        mimeType: 'image/png',
        'x-qn-meta': { kept: 'k', color: '蓝', new: 'n' },
      });
      expect((await find('a'))?.headers).toEqual({
        ...{ expires: 'x', 'content-type': 'image/png', 'cache-control': 'no-cache' },
        'content-language': 'de',
      });
    });

    it('looks at its condition', async () => {
      const stored = await put(core, { key: 'a' });
      const change = `/chgm/${entry('a')}/mime/${b64('image/png')}/cond/`;
      const putTime = stored.lastModifiedMs * 10_000;
      for (const cond of ['hash=x', 'fsize=1', 'putTime=1', 'mime=text/plain', 'fsize=12&hash=x']) {
        expect(await refused(change + b64(cond))).toEqual([608, 'content modified']);
      }
      expect((await refused(change + b64('what=ever')))[0]).toBe(400);
      const mime = 'application/octet-stream';
      await ok(change + b64(`hash=${smallHash}&fsize=12&putTime=${putTime}&mime=${mime}`));
      expect((await find('a'))?.headers['content-type']).toBe('image/png');
    });

    it.each([
      [`x-qn-meta-!X-Evil/${encodeUrlSafe('x')}`],
      [`x-qn-meta-a/${encodeUrlSafe('x\r\ny: z')}`],
      [`mime/${encodeUrlSafe('a\nb')}`],
      [`x-qn-meta-${'n'.repeat(51)}/${encodeUrlSafe('x')}`],
      [`x-qn-meta-a/${encodeUrlSafe('x'.repeat(1024))}`],
      ['mime/***'],
      ['mime'],
    ])('refuses %s', async (pairs) => {
      await put(core, { key: 'a' });
      expect((await refused(`/chgm/${entry('a')}/${pairs}`))[0]).toBe(400);
    });

    it('does not change a locked version', async () => {
      await core.index.setBucketVersioning(bucket.id, 'Enabled');
      const retention = { mode: 'COMPLIANCE', untilMs: core.clock.nowMs + dayMs } as const;
      await put(core, { key: 'a', subresources: { retention } });
      expect((await refused(`/chgm/${entry('a')}/mime/${b64('x/y')}`))[0]).toBe(403);
      expect((await refused(`/chstatus/${entry('a')}/status/1`))[0]).toBe(403);
    });

    it('loses no change of many at a time', async () => {
      await put(core, { key: 'a' });
      const names = Array.from({ length: 8 }, (_, index) => `n${index}`);
      await Promise.all(
        names.map((name) => ok(`/chgm/${entry('a')}/x-qn-meta-${name}/${b64(name)}`)),
      );
      const { userMetadata } = (await find('a')) ?? {};
      expect(userMetadata).toEqual(Object.fromEntries(names.map((name) => [name, name])));
    });
  });

  describe('types, states and lives', () => {
    it.each([
      [0, undefined],
      [1, 'STANDARD_IA'],
      [2, 'GLACIER'],
      [3, 'DEEP_ARCHIVE'],
      [4, 'GLACIER_IR'],
      [5, 'INTELLIGENT_TIERING'],
    ])('chtype %i is the storage class %s', async (type, storageClass) => {
      await put(core, {
        key: 'a',
        description: { headers: { 'x-amz-storage-class': 'GLACIER' }, userMetadata: {} },
      });
      await ok(`/chtype/${entry('a')}/type/${type}`);
      expect((await find('a'))?.headers['x-amz-storage-class']).toBe(storageClass);
      expect(await ok(`/stat/${entry('a')}`)).toMatchObject({ type });
    });

    it('refuses types, states and days that are none', async () => {
      await put(core, { key: 'a' });
      for (const path of [
        ...[
          `/chtype/${entry('a')}/type/6`,
          `/chtype/${entry('a')}/type/x`,
          `/chtype/${entry('a')}`,
        ],
        ...[`/chstatus/${entry('a')}/status/2`, `/deleteAfterDays/${entry('a')}/-1`],
        ...[`/deleteAfterDays/${entry('a')}`, `/lifecycle/${entry('a')}/toIAAfterDays/-2`],
        `/restoreAr/${entry('a')}/freezeAfterDays/8`,
      ]) {
        expect([path, (await refused(path))[0]]).toEqual([path, 400]);
      }
    });

    it('chstatus disables and enables, once each', async () => {
      await put(core, { key: 'a' });
      await ok(`/chstatus/${entry('a')}/status/1`);
      expect(await ok(`/stat/${entry('a')}`)).toMatchObject({ status: 1 });
      expect(await refused(`/chstatus/${entry('a')}/status/1`)).toEqual([400, 'already disabled']);
      await ok(`/chstatus/${entry('a')}/status/0`);
      expect(await ok(`/stat/${entry('a')}`)).toMatchObject({ status: 0 });
      expect(await refused(`/chstatus/${entry('a')}/status/0`)).toEqual([400, 'already enabled']);
    });

    it('deleteAfterDays gives a life until a midnight in China, and takes it back', async () => {
      core.clock.nowMs = Date.parse('2015-01-01T10:00:00+08:00');
      await put(core, { key: 'a' });
      await ok(`/deleteAfterDays/${entry('a')}/3`);
      const expiration = Date.parse('2015-01-05T00:00:00+08:00') / 1000;
      expect(await ok(`/stat/${entry('a')}`)).toMatchObject({ expiration });
      await ok(`/deleteAfterDays/${entry('a')}/0`);
      expect(await ok(`/stat/${entry('a')}`)).not.toHaveProperty('expiration');
    });

    it('lifecycle tells when an object gets colder, and of its type from then on', async () => {
      core.clock.nowMs = Date.parse('2015-01-01T00:00:00+08:00');
      await put(core, { key: 'a' });
      const path = `/lifecycle/${entry('a')}`;
      await ok(
        `${path}/toIAAfterDays/10/toArchiveAfterDays/20/toArchiveIRAfterDays/0/deleteAfterDays/30`,
      );
      const seconds = (days: number) => (core.clock.nowMs + days * dayMs) / 1000;
      const told = await ok(`/stat/${entry('a')}`);
      expect(told).toMatchObject({
        ...{ type: 0, transitionToIA: seconds(10), transitionToARCHIVE: seconds(20) },
        expiration: seconds(30),
      });
      expect(told).not.toHaveProperty('transitionToArchiveIR');
      await ok(`${path}/toArchiveAfterDays/-1/deleteAfterDays/-1`);
      const later = await ok(`/stat/${entry('a')}`);
      expect(later).not.toHaveProperty('expiration');
      expect(later).not.toHaveProperty('transitionToARCHIVE');
      core.clock.nowMs += 10 * dayMs;
      expect(await ok(`/stat/${entry('a')}`)).toMatchObject({ type: 1 });
      expect((await refused(`${path}/toIAAfterDays/1/cond/${encodeUrlSafe('fsize=1')}`))[0]).toBe(
        608,
      );
    });

    it('restoreAr has nothing to do for what is there', async () => {
      await put(core, { key: 'a' });
      await ok(`/restoreAr/${entry('a')}/freezeAfterDays/3`);
      expect((await refused(`/restoreAr/${entry('b')}/freezeAfterDays/3`))[0]).toBe(612);
    });
  });
});
