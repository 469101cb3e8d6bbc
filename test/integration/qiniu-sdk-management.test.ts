import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import qiniu from 'qiniu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOk } from '../support/command-line.ts';
import { GatewayProcess, gatewayEnvironment } from '../support/gateway-process.ts';
import { patternBytes, type QiniuSdk, qiniuGateway, sdkOf } from '../support/qiniu-sdk.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

const qetagOfHello = 'Fqr0xh3cxeii2r7eDztILNmuqUNN';
const Bucket = newBucketName('kodo');
const Other = newBucketName('kodo-other');
let gateway: GatewayProcess;
let s3: S3Client;
let sdk: QiniuSdk;

beforeAll(async () => {
  gateway = await GatewayProcess.start(qiniuGateway);
  s3 = s3ClientOf(gateway);
  sdk = sdkOf(gateway);
  for (const name of [Bucket, Other]) await s3.send(new CreateBucketCommand({ Bucket: name }));
});

afterAll(async () => {
  await deleteAllBuckets(s3);
  await gateway.dispose();
});

const put = async (Key: string, Body: string | Buffer = 'hello', bucket = Bucket) =>
  await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key,
      Body,
      ContentType: 'text/plain',
      Metadata: { a: 'b' },
    }),
  );

/** Status and data; those of an empty answer are undefined. */
async function told(answer: Promise<{ data: unknown; resp: { statusCode?: number | undefined } }>) {
  const { data, resp } = await answer;
  return [resp.statusCode, data];
}

const noSuchFile = [612, { error: 'no such file or directory' }];

describe('an object', () => {
  it('is described as S3 stored it', async () => {
    await put('s3/图 1.txt');
    const [status, data] = await told(sdk.buckets.stat(Bucket, 's3/图 1.txt'));
    expect(status).toBe(200);
    expect(data).toMatchObject({
      ...{ fsize: 5, hash: qetagOfHello, mimeType: 'text/plain', type: 0 },
      ...{ md5: '5d41402abc4b2a76b9719d911017c592', 'x-qn-meta': { a: 'b' } },
    });
    const { LastModified } = await s3.send(new HeadObjectCommand({ Bucket, Key: 's3/图 1.txt' }));
    const { putTime } = data as { putTime: number };
    expect(Math.floor(putTime / 1e7)).toBe(Math.floor((LastModified?.getTime() ?? 0) / 1000));
    expect(await told(sdk.buckets.stat(Bucket, 'missing'))).toEqual(noSuchFile);
    expect((await sdk.buckets.stat('no-such-bucket', 'a')).resp.statusCode).toBe(631);
  });

  it('is copied, moved and deleted', async () => {
    const { buckets } = sdk;
    await put('copy/from');
    await put('copy/taken', 'other');
    const statusOf = async (answer: Promise<{ resp: { statusCode?: number | undefined } }>) =>
      (await answer).resp.statusCode;
    const from = [Bucket, 'copy/from'] as const;
    expect(await statusOf(buckets.copy(...from, Other, 'copy/to', {}))).toBe(200);
    expect(await statusOf(buckets.copy(...from, Bucket, 'copy/taken', {}))).toBe(614);
    expect(await statusOf(buckets.copy(...from, Bucket, 'copy/taken', { force: true }))).toBe(200);
    expect(await statusOf(buckets.move(...from, Bucket, 'moved', {}))).toBe(200);
    expect(await told(buckets.stat(...from))).toEqual(noSuchFile);
    expect(await statusOf(buckets.move(...from, Bucket, 'nowhere', {}))).toBe(612);
    for (const [bucket, Key] of [
      [Other, 'copy/to'],
      [Bucket, 'copy/taken'],
      [Bucket, 'moved'],
    ] as const) {
      const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      expect(await object.Body?.transformToString()).toBe('hello');
      expect(object).toMatchObject({ ContentType: 'text/plain', Metadata: { a: 'b' } });
    }
    expect(await statusOf(buckets.delete(Bucket, 'moved'))).toBe(200);
    expect(await statusOf(buckets.delete(Bucket, 'moved'))).toBe(612);
  });

  it('changes its type, headers, class, life and status', async () => {
    const { buckets } = sdk;
    await put('changed');
    const at = [Bucket, 'changed'] as const;
    const ok = async (answer: Promise<{ resp: { statusCode?: number | undefined } }>) =>
      expect((await answer).resp.statusCode).toBe(200);
    await ok(buckets.changeMime(...at, 'image/x-own'));
    await ok(buckets.changeHeaders(...at, { 'Cache-Control': 'no-cache' }));
    await ok(buckets.changeType(...at, 1));
    await ok(buckets.deleteAfterDays(...at, 7));
    await ok(buckets.setObjectLifeCycle(...at, { toIaAfterDays: 1, deleteAfterDays: 9 }));
    const { data } = await buckets.stat(...at);
    expect(data).toMatchObject({ mimeType: 'image/x-own', type: 1 });
    expect(data).toHaveProperty('expiration');
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'changed' }));
    expect(head).toMatchObject({ ContentType: 'image/x-own', StorageClass: 'STANDARD_IA' });
    expect(head.CacheControl).toBe('no-cache');
    await ok(buckets.updateObjectStatus(...at, 1));
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'changed' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    expect((await buckets.updateObjectStatus(...at, 1)).resp.statusCode).toBe(400);
    await ok(buckets.updateObjectStatus(...at, 0));
    await ok(buckets.deleteAfterDays(...at, 0));
    await ok(buckets.changeType(...at, 2));
    await ok(buckets.restoreAr(at.join(':'), 1));
  });

  it('is one of many in a batch', async () => {
    const { rs } = qiniu;
    await put('batch/a');
    await put('batch/b');
    const operations = [
      rs.statOp(Bucket, 'batch/a'),
      rs.copyOp(Bucket, 'batch/a', Bucket, 'batch/c'),
      rs.moveOp(Bucket, 'batch/b', Bucket, 'batch/d'),
      rs.changeMimeOp(Bucket, 'batch/c', 'text/x'),
      rs.deleteAfterDaysOp(Bucket, 'batch/c', 3),
      rs.deleteOp(Bucket, 'batch/d'),
    ];
    const [status, data] = await told(sdk.buckets.batch(operations));
    expect(status).toBe(200);
    expect(data).toMatchObject([
      { code: 200, data: { fsize: 5, hash: qetagOfHello } },
      ...Array(5).fill({ code: 200 }),
    ]);
    const partly = await told(
      sdk.buckets.batch([rs.statOp(Bucket, 'batch/a'), rs.deleteOp(Bucket, 'batch/d')]),
    );
    expect(partly[0]).toBe(298);
    expect(partly[1]).toMatchObject([
      { code: 200 },
      { code: 612, data: { error: 'no such file or directory' } },
    ]);
  });

  it('is listed in pages, with prefixes, and in one stream', async () => {
    const { buckets } = sdk;
    const keys = ['list/a', 'list/b', 'list/dir/c', 'list/dir/d', 'list/图'];
    for (const key of keys) await put(key);
    const found: string[] = [];
    let marker: string | undefined;
    do {
      const { data } = await buckets.listPrefix(Bucket, { prefix: 'list/', limit: 2, marker });
      found.push(...(data as never as { items: { key: string }[] }).items.map(({ key }) => key));
      marker = (data as { marker?: string }).marker;
    } while (marker);
    expect(found).toEqual(keys);
    const { data } = await buckets.listPrefix(Bucket, { prefix: 'list/', delimiter: '/' });
    expect(data).toMatchObject({
      commonPrefixes: ['list/dir/'],
      items: [{ key: 'list/a', hash: qetagOfHello }, { key: 'list/b' }, { key: 'list/图' }],
    });
    const streamed = await buckets.listPrefixV2(Bucket, { prefix: 'list/dir/' });
    const text = Buffer.isBuffer(streamed.data) ? streamed.data.toString() : String(streamed.data);
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ item }) => item.key)).toEqual(['list/dir/c', 'list/dir/d']);
    expect((await buckets.listPrefix(Bucket, { marker: '!!' })).resp.statusCode).toBe(640);
  });

  it('that Kodo stores is one of S3', async () => {
    const token = sdk.token({ scope: `${Bucket}:kodo/a` });
    const content = patternBytes(300_000);
    await sdk.forms.put(token, 'kodo/a', content, new qiniu.form_up.PutExtra());
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'kodo/' }));
    expect(Contents).toMatchObject([{ Key: 'kodo/a', Size: 300_000 }]);
    const object = await s3.send(
      new GetObjectCommand({ Bucket, Key: 'kodo/a', Range: 'bytes=7-9' }),
    );
    expect(Buffer.from((await object.Body?.transformToByteArray()) ?? [])).toEqual(
      content.subarray(7, 10),
    );
  });
});

describe('a download', () => {
  const domain = 'localhost';

  it('by a link of the SDK is of the bucket that has its domain', async () => {
    await put('down/七 牛+:@.txt', 'hello');
    const { port } = new URL(gateway.qiniuUrl);
    await runOk(process.execPath, ['dist/cli/main.js', 'bucket', 'domain', 'add', Bucket, domain], {
      env: gatewayEnvironment(gateway.dataDir),
    });
    const end = Math.floor(Date.now() / 1000) + 60;
    const link = sdk.buckets.privateDownloadUrl(
      `http://${domain}:${port}`,
      'down/七 牛+:@.txt',
      end,
    );
    const answer = await fetch(link);
    expect([answer.status, await answer.text()]).toEqual([200, 'hello']);
    expect(answer.headers.get('etag')).toBe(`"${qetagOfHello}"`);
    expect(answer.headers.get('x-qn-meta-a')).toBe('b');
    expect((await fetch(link.replace('hello', 'x').replace(/token=.*/, 'token=x:y'))).status).toBe(
      401,
    );
    expect((await told(sdk.buckets.listBucketDomains(Bucket)))[1]).toMatchObject([
      { domain, tbl: Bucket },
    ]);
  });

  it('by path names its bucket, and needs no link once the bucket is public', async () => {
    await put('down/b');
    const base = `${gateway.qiniuUrl}/${Bucket}`;
    const url = sdk.buckets.publicDownloadUrl(base, 'down/b');
    expect((await fetch(url)).status).toBe(401);
    const end = Math.floor(Date.now() / 1000) + 60;
    expect((await fetch(sdk.buckets.privateDownloadUrl(base, 'down/b', end))).status).toBe(200);
    expect((await sdk.buckets.putBucketAccessMode(Bucket, { private: 0 })).resp.statusCode).toBe(
      200,
    );
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(`${gateway.endpoint}/${Bucket}/down/b`)).status).toBe(200);
    const { Policy = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
    expect(JSON.parse(Policy).Statement).toHaveLength(1);
    expect((await sdk.buckets.putBucketAccessMode(Bucket, { private: 1 })).resp.statusCode).toBe(
      200,
    );
    expect((await fetch(url)).status).toBe(401);
  });
});

describe('a bucket', () => {
  const name = newBucketName('kodo-new');
  const ok = async (answer: Promise<{ resp: { statusCode?: number | undefined } }>) =>
    expect((await answer).resp.statusCode).toBe(200);

  it('is made, described, bounded, ruled and dropped', async () => {
    const { buckets } = sdk;
    await ok(buckets.createBucket(name, { regionId: 'z0' }));
    expect((await buckets.createBucket(name, { regionId: 'z0' })).resp.statusCode).toBe(614);
    expect((await buckets.listBucket()).data).toContain(name);
    expect((await buckets.listBucket({ shared: 'rd', tagCondition: {} })).data).toContain(name);
    await ok(buckets.putBucketMaxAge(name, { maxAge: 3600 }));
    await ok(buckets.putBucketQuota(name, { size: 1_000_000, count: 5 }));
    expect((await buckets.getBucketQuota(name)).data).toEqual({ size: 1_000_000, count: 5 });
    expect((await buckets.getBucketInfo(name)).data).toMatchObject({
      ...{ private: 1, max_age: 3600, region: 'z0' },
    });
    const rule = { name: 'r1', prefix: 't/', delete_after_days: 3 };
    await ok(buckets.putBucketLifecycleRule(name, rule));
    await ok(buckets.updateBucketLifecycleRule(name, { ...rule, delete_after_days: 4 }));
    expect((await buckets.getBucketLifecycleRule(name)).data).toMatchObject([
      { name: 'r1', prefix: 't/', delete_after_days: 4 },
    ]);
    await ok(buckets.deleteBucketLifecycleRule(name, 'r1'));
    expect((await buckets.getBucketLifecycleRule(name)).data).toEqual([]);
    await ok(buckets.deleteBucket(name));
    expect((await buckets.deleteBucket(name)).resp.statusCode).toBe(631);
  });

  it('has one set of CORS rules for both doors', async () => {
    const rule = {
      ...{ allowed_origin: ['http://shop'], allowed_method: ['GET'], allowed_header: ['*'] },
      ...{ exposed_header: ['ETag'], max_age: 600 },
    };
    await ok(sdk.buckets.putCorsRules(Bucket, [rule]));
    expect((await sdk.buckets.getCorsRules(Bucket)).data).toEqual([rule]);
    const { CORSRules } = await s3.send(new GetBucketCorsCommand({ Bucket }));
    expect(CORSRules).toEqual([
      {
        ...{ AllowedOrigins: ['http://shop'], AllowedMethods: ['GET'], AllowedHeaders: ['*'] },
        ...{ ExposeHeaders: ['ETag'], MaxAgeSeconds: 600 },
      },
    ]);
  });

  it('has no features that the gateway has not, and says so', async () => {
    const { buckets } = sdk;
    const refusals = [
      buckets.image(Bucket, 'http://source.example.com'),
      buckets.unimage(Bucket),
      buckets.prefetch(Bucket, 'a'),
      buckets.putBucketEvent(Bucket, { name: 'e', event: 'put', callbackURL: 'http://a' }),
      buckets.putReferAntiLeech(Bucket, { mode: 1, norefer: 0, pattern: '*' }),
      buckets.putBucketAccessStyleMode(Bucket, 1),
    ];
    for (const refusal of refusals) {
      const [status, data] = await told(refusal);
      expect(status).toBe(400);
      expect(data).toEqual({ error: expect.stringContaining('not supported by this gateway') });
    }
    const jobs = new qiniu.fop.OperationManager(sdk.mac, sdk.config);
    const job = await new Promise<number | undefined>((resolve) => {
      jobs.pfop(Bucket, 'a', ['avinfo'], 'queue', null, (_error, _data, resp) =>
        resolve((resp as { statusCode?: number } | undefined)?.statusCode),
      );
    });
    expect(job).toBe(400);
  });
});

describe('fetch', () => {
  let source: Server;
  let origin: string;

  beforeAll(async () => {
    source = createServer((request, response) => {
      response.writeHead(request.url === '/a.png' ? 200 : 404, { 'content-type': 'image/png' });
      response.end('hello');
    });
    await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(source.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    source.closeAllConnections();
    source.close();
  });

  it('stores what a URL gives', async () => {
    expect(await told(sdk.buckets.fetch(`${origin}/a.png`, Bucket, 'fetched'))).toEqual([
      200,
      { hash: qetagOfHello, key: 'fetched', fsize: 5, mimeType: 'image/png' },
    ]);
    expect((await sdk.buckets.fetch(`${origin}/b`, Bucket, 'x')).resp.statusCode).toBe(404);
    expect((await sdk.buckets.fetch('http://10.0.0.1/', Bucket, 'x')).resp.statusCode).toBe(403);
  });
});

it('a key of nobody, and a secret that is wrong, are told 401', async () => {
  for (const mac of [
    new qiniu.auth.digest.Mac('NOBODY', 'nothing-at-all'),
    new qiniu.auth.digest.Mac(gateway.accessKeyId, 'another-secret-key'),
  ]) {
    const stranger = new qiniu.rs.BucketManager(mac, sdk.config);
    expect(await told(stranger.stat(Bucket, 'a'))).toEqual([401, { error: 'bad token' }]);
    expect((await stranger.listBucket()).resp.statusCode).toBe(401);
  }
});
