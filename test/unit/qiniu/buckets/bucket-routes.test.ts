import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isOpenToPublic } from '../../../../src/core/access/public-read.ts';
import { addBucketDomain } from '../../../../src/core/bucket-domains.ts';
import { corsRules } from '../../../../src/core/cors-rules.ts';
import { encodeEntry } from '../../../../src/qiniu/encodings.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { putText } from '../../../support/put-text.ts';
import {
  otherQiniuKeyId,
  type QiniuServer,
  qiniuKey,
  startQiniuServer,
} from '../../../support/qiniu-server.ts';

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

const bucket = async (name = 'photos') => await core.index.findBucket(name);

/** Status and JSON of a call by alice. */
async function call(path: string, body?: string): Promise<unknown[]> {
  const { status, json } = await server.call(path, body === undefined ? {} : { body });
  return json === undefined ? [status] : [status, json];
}

const asBob = async (path: string) =>
  (await server.call(path, { accessKeyId: otherQiniuKeyId })).status;

describe('buckets', () => {
  it('are made, listed and dropped', async () => {
    expect(await call('/mkbucketv3/new-bucket/region/z0')).toEqual([200, {}]);
    expect(await call('/mkbucketv3/other-place/region/z1')).toEqual([200, {}]);
    expect(await call('/buckets?shared=rd')).toEqual([
      200,
      ['new-bucket', 'other-place', 'photos'],
    ]);
    expect((await bucket('new-bucket'))?.locationConstraint).toBeNull();
    expect((await bucket('other-place'))?.locationConstraint).toBe('z1');
    expect(await call('/drop/new-bucket')).toEqual([200]);
    expect(await call('/drop/new-bucket')).toEqual([631, { error: 'no such bucket' }]);
  });

  it('are private when they are made, and public where the operator wants that', async () => {
    await call('/mkbucketv3/new-bucket');
    const isOpen = async (name: string) => {
      const found = await bucket(name);
      return found && isOpenToPublic(found, core.now());
    };
    expect(await isOpen('new-bucket')).toBe(false);
    const open = await startQiniuServer(core, { areNewBucketsPublic: true });
    expect((await open.call('/mkbucketv3/open-bucket')).status).toBe(200);
    await open.close();
    expect(await isOpen('open-bucket')).toBe(true);
  });

  it('are listed in pages with what they are', async () => {
    await call('/mkbucketv3/b-bucket/region/z1');
    const time = '2024-01-01T00:00:00.000Z';
    const path = '/buckets?apiVersion=v4&limit=1';
    expect(await call(path)).toEqual([
      200,
      {
        next_marker: 'b-bucket',
        is_truncated: true,
        buckets: [{ name: 'b-bucket', region: 'z1', private: true, ctime: time }],
      },
    ]);
    expect(await call(`${path}&marker=b-bucket`)).toEqual([
      200,
      {
        next_marker: '',
        is_truncated: false,
        buckets: [{ name: 'photos', region: 'z0', private: true, ctime: time }],
      },
    ]);
    expect((await call('/buckets?apiVersion=v4&limit=1001'))[0]).toBe(400);
  });

  it.each([
    ['/mkbucketv3/photos', 614, 'the bucket already exists'],
    ['/mkbucketv3/Photos', 400, 'invalid bucket name'],
    ['/mkbucketv3/a.b.c', 400, 'invalid bucket name'],
    ['/mkbucketv3/ab', 400, 'invalid bucket name'],
    ['/mkbucketv3/new-bucket/region', 400, 'invalid argument'],
    [
      '/buckets?tagCondition=a2V5PWE',
      400,
      'listing buckets by their tags is not supported by this gateway',
    ],
    ['/v2/bucketInfo', 400, 'invalid argument: no bucket is named'],
    ['/v2/bucketInfo?bucket=nothing', 631, 'no such bucket'],
    ['/private?bucket=photos&private=2', 400, 'invalid argument: private'],
    ['/maxAge?bucket=photos&maxAge=x', 400, 'invalid argument: maxAge'],
    ['/maxAge?bucket=photos&maxAge=31536001', 400, 'invalid argument: maxAge'],
  ])('%s is refused with %d', async (path, status, error) => {
    expect(await call(path)).toEqual([status, { error }]);
  });

  it('are not dropped while they hold something', async () => {
    await putText(core, 'a', 'hello');
    expect(await call('/drop/photos')).toEqual([400, { error: 'bucket not empty' }]);
  });

  it('are described', async () => {
    await call('/maxAge?bucket=photos&maxAge=3600');
    const [, info] = await call('/v2/bucketInfo?bucket=photos');
    expect(info).toMatchObject({ private: 1, max_age: 3600, region: 'z0', zone: 'z0' });
    await call('/private?bucket=photos&private=0');
    await call('/maxAge?bucket=photos&maxAge=0');
    const [, open] = await call('/v2/bucketInfo?bucket=photos');
    expect(open).toMatchObject({ private: 0, max_age: 0 });
    expect(await call('/v2/bucketInfos?region=z0')).toEqual([
      200,
      [{ name: 'photos', info: open }],
    ]);
    expect(await call('/v2/bucketInfos?region=z1')).toEqual([200, []]);
    await call('/private?bucket=photos&private=1');
    expect((await call('/v2/bucketInfo?bucket=photos'))[1]).toMatchObject({ private: 1 });
  });

  it('tell their domains', async () => {
    await addBucketDomain(core, core.bucket, 'img.example.com');
    const time = Date.UTC(2024, 0, 1) / 1000;
    expect(await call('/v2/domains?tbl=photos')).toEqual([200, ['img.example.com']]);
    expect(await call('/v3/domains?tbl=photos')).toEqual([
      200,
      [
        {
          ...{ domain: 'img.example.com', tbl: 'photos', uid: 0 },
          ...{ refresh: false, ctime: time, utime: time },
        },
      ],
    ]);
  });

  it('have CORS rules, the same as over S3', async () => {
    const rules = [
      {
        ...{ allowed_origin: ['*'], allowed_method: ['GET'], allowed_header: ['*'] },
        ...{ exposed_header: ['X-Log'], max_age: 600 },
      },
    ];
    expect(await call('/corsRules/get/photos')).toEqual([200, []]);
    expect(await call('/corsRules/set/photos', JSON.stringify(rules))).toEqual([200]);
    expect(await call('/corsRules/get/photos')).toEqual([200, rules]);
    const found = await bucket();
    expect(found && corsRules.of(found)).toHaveLength(1);
    expect((await call('/corsRules/set/photos', '{'))[0]).toBe(400);
    expect(await call('/corsRules/set/photos', '[]')).toEqual([200]);
    expect(await call('/corsRules/get/photos')).toEqual([200, []]);
  });

  it('have rules for what becomes of objects, as a form or as a query', async () => {
    const fields = 'bucket=photos&prefix=t%2F&delete_after_days=3&name=r1';
    expect(await call('/rules/add', fields)).toEqual([200]);
    expect(await call('/rules/add?bucket=photos&name=r2&to_line_after_days=9')).toEqual([200]);
    expect(await call('/rules/update', fields.replace('=3', '=4'))).toEqual([200]);
    expect(await call('/rules/delete', 'bucket=photos&name=r2')).toEqual([200]);
    expect(await call('/rules/delete', 'bucket=photos&name=r2')).toEqual([
      612,
      { error: 'no such rule' },
    ]);
    expect(await call('/rules/get?bucket=photos')).toMatchObject([
      200,
      [{ name: 'r1', prefix: 't/', delete_after_days: 4 }],
    ]);
  });

  it('tell their quotas, which only root sets', async () => {
    expect(await call('/getbucketquota/photos')).toEqual([200, { size: -1, count: -1 }]);
    expect((await call('/setbucketquota/photos/size/10/count/5'))[0]).toBe(403);
    const roots = await startQiniuServer(core, {
      findCredentials: async () => ({
        secretAccessKey: qiniuKey.secretAccessKey,
        caller: core.root,
      }),
    });
    const set = async (path: string) => (await roots.call(path)).status;
    expect(await set('/setbucketquota/photos/size/10/count/5')).toBe(200);
    expect(await call('/getbucketquota/photos')).toEqual([200, { size: 10, count: 5 }]);
    expect(await set('/setbucketquota/photos/size/-1/count/0')).toBe(200);
    expect(await call('/getbucketquota/photos')).toEqual([200, { size: -1, count: 5 }]);
    expect(await set('/setbucketquota/photos/size/x')).toBe(400);
    await roots.close();
  });

  it.each([
    '/drop/photos',
    '/v2/bucketInfo?bucket=photos',
    '/private?bucket=photos&private=0',
    '/maxAge?bucket=photos&maxAge=1',
    '/corsRules/get/photos',
    '/rules/get?bucket=photos',
    '/v2/domains?tbl=photos',
    '/getbucketquota/photos',
    '/setbucketquota/photos/size/1',
  ])('are nobody else’s: %s', async (path) => {
    expect(await asBob(path)).toBe(403);
    expect((await server.send({ path })).status).toBe(401);
  });
});

describe('regions', () => {
  it.each(['/v2/query', '/v3/query', '/v4/query'])('are told to everybody: %s', async (path) => {
    const query = `?ak=${qiniuKey.accessKeyId}&bucket=photos`;
    const { status, text } = await server.send({ method: 'GET', path: path + query });
    expect(status).toBe(200);
    expect(text).toContain(`"127.0.0.1:${server.port}"`);
    const missing = await server.send({ path: `${path}?ak=a&bucket=nothing` });
    expect([missing.status, missing.json]).toEqual([631, { error: 'no such bucket' }]);
    expect((await server.send({ path: `${path}?bucket=photos` })).status).toBe(400);
  });

  it('are where the operator says', async () => {
    const hosts = { all: ['kodo.example.com'], up: ['up.example.com:8080'] };
    const other = await startQiniuServer(core, { regions: { name: 'z9', ttlSeconds: 5, hosts } });
    const { json } = await other.send({ path: '/v4/query?ak=a&bucket=photos' });
    await other.close();
    expect(json).toMatchObject({
      hosts: [
        {
          ...{ region: 'z9', ttl: 5 },
          up: { domains: ['up.example.com:8080'] },
          rs: { domains: ['kodo.example.com'] },
        },
      ],
    });
  });
});

it.each([
  `/prefetch/${encodeEntry('photos', 'a')}`,
  '/sisyphus/fetch',
  '/image/photos/from/aHR0cDovL2E=',
  '/unimage/photos',
  '/pfop/',
  '/status/get/prefop?id=1',
  '/events/add',
  '/referAntiLeech?bucket=photos',
  '/accessMode/photos/mode/1',
  '/v3/buckets?region=z0',
])('%s is refused for good', async (path) => {
  const { status, json } = await server.call(path);
  expect(status).toBe(400);
  expect(json).toEqual({ error: expect.stringContaining('is not supported by this gateway') });
});
