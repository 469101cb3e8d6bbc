import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import qiniu from 'qiniu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import {
  discoveringSdkOf,
  patternBytes,
  type QiniuSdk,
  qiniuGateway,
  sdkOf,
} from '../support/qiniu-sdk.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

/** Two blocks or parts of 4 MiB and one of 1 MiB. */
const nine = patternBytes(9 * 2 ** 20);
const qetagOfNine = 'lv4Ew6JqZ47UmtoHTb4ntxxH-h5H';
const qetagOfHello = 'Fqr0xh3cxeii2r7eDztILNmuqUNN';

const Bucket = newBucketName('qiniu');
let gateway: GatewayProcess;
let s3: S3Client;
let sdk: QiniuSdk;
let directory: string;
let ninePath: string;

beforeAll(async () => {
  gateway = await GatewayProcess.start(qiniuGateway);
  s3 = s3ClientOf(gateway);
  await s3.send(new CreateBucketCommand({ Bucket }));
  sdk = sdkOf(gateway);
  directory = await mkdtemp(join(tmpdir(), 'qiniu-'));
  ninePath = join(directory, 'nine.bin');
  await writeFile(ninePath, nine);
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
  await deleteAllBuckets(s3);
  await gateway.dispose();
});

/** What S3 gives under a key. */
async function stored(Key: string) {
  const object = await s3.send(new GetObjectCommand({ Bucket, Key }));
  const bytes = Buffer.from((await object.Body?.transformToByteArray()) ?? []);
  return { bytes, text: bytes.toString(), type: object.ContentType, metadata: object.Metadata };
}

const extra = (...given: ConstructorParameters<typeof qiniu.form_up.PutExtra>) =>
  new qiniu.form_up.PutExtra(...given);

/** Status and data, of a promise that resolves whatever the status is. */
async function told(answer: Promise<{ data: unknown; resp: { statusCode?: number | undefined } }>) {
  const { data, resp } = await answer;
  return [resp.statusCode, data];
}

describe('a form', () => {
  it.each([
    ['bytes', (token: string, key: string) => sdk.forms.put(token, key, 'hello', extra())],
    [
      'a stream',
      (token: string, key: string) =>
        sdk.forms.putStream(token, key, createReadStream(join(directory, 'hello.txt')), extra()),
    ],
    [
      'a file',
      (token: string, key: string) =>
        sdk.forms.putFile(token, key, join(directory, 'hello.txt'), extra()),
    ],
  ])('with %s is stored', async (name, put) => {
    await writeFile(join(directory, 'hello.txt'), 'hello');
    const key = `form/图片 ${name}.txt`;
    const answer = await told(put(sdk.token({ scope: Bucket }), key));
    expect(answer).toEqual([200, { hash: qetagOfHello, key }]);
    expect(await stored(key)).toMatchObject({ text: 'hello', type: 'text/plain' });
  });

  it('without a key is named by its hash', async () => {
    const answer = await told(
      sdk.forms.putWithoutKey(sdk.token({ scope: Bucket }), 'hello', extra()),
    );
    expect(answer).toEqual([200, { hash: qetagOfHello, key: qetagOfHello }]);
    expect((await stored(qetagOfHello)).text).toBe('hello');
  });

  it('with a file without a key is named by its hash', async () => {
    const path = join(directory, 'unnamed.txt');
    await writeFile(path, 'unnamed');
    const { data, resp } = await sdk.forms.putFileWithoutKey(
      ...([sdk.token({ scope: Bucket }), path, extra()] as const),
    );
    expect(resp.statusCode).toBe(200);
    expect((await stored((data as { key: string }).key)).text).toBe('unnamed');
  });

  it('of many MiB is stored', async () => {
    const answer = await told(
      sdk.forms.putFile(sdk.token({ scope: Bucket }), 'form/nine.bin', ninePath, extra()),
    );
    expect(answer).toEqual([200, { hash: qetagOfNine, key: 'form/nine.bin' }]);
    expect((await stored('form/nine.bin')).bytes.equals(nine)).toBe(true);
  });

  it('gives back what its policy wants, with variables, and keeps metadata', async () => {
    const token = sdk.token({
      scope: `${Bucket}:form/meta`,
      returnBody:
        '{"key":$(key),"size":$(fsize),"name":"$(fname)","user":$(x:user),"type":$(mimeType)}',
      endUser: 'u1',
    });
    const more = extra('my "name".txt', { 'x:user': '七' }, 'text/x-own', undefined, 1, {
      'x-qn-meta-color': 'red',
    });
    expect(await told(sdk.forms.put(token, 'form/meta', 'hello', more))).toEqual([
      200,
      { key: 'form/meta', size: 5, name: 'my "name".txt', user: '七', type: 'text/x-own' },
    ]);
    expect(await stored('form/meta')).toMatchObject({
      metadata: { color: 'red' },
      type: 'text/x-own',
    });
    const { data } = await sdk.buckets.stat(Bucket, 'form/meta');
    expect(data).toMatchObject({ endUser: 'u1', 'x-qn-meta': { color: 'red' } });
  });

  it('leads to returnUrl', async () => {
    const token = sdk.token({
      scope: Bucket,
      returnUrl: 'http://127.0.0.1:9/done?a=1',
      returnBody: '{"k":$(key)}',
    });
    const form = new FormData();
    form.append('token', token);
    form.append('key', 'form/return');
    form.append('file', new Blob(['hello']), 'a.txt');
    const { status, headers } = await fetch(gateway.qiniuUrl, {
      ...{ method: 'POST', body: form, redirect: 'manual' },
    });
    const ret = Buffer.from('{"k":"form/return"}').toString('base64');
    expect([status, headers.get('location')]).toEqual([
      303,
      `http://127.0.0.1:9/done?a=1&upload_ret=${ret}`,
    ]);
  });
});

describe('what a token does not allow', () => {
  const put = (policy: Parameters<QiniuSdk['token']>[0], key: string, content = 'hello') =>
    told(sdk.forms.put(sdk.token(policy), key, content, extra()));

  it('is told with the status that the SDK knows', async () => {
    await put({ scope: Bucket }, 'taken');
    expect((await put({ scope: Bucket }, 'taken'))[0]).toBe(200);
    expect(await put({ scope: Bucket }, 'taken', 'other')).toEqual([614, { error: 'file exists' }]);
    expect((await put({ scope: `${Bucket}:taken` }, 'taken', 'other'))[0]).toBe(200);
    expect((await put({ scope: `${Bucket}:taken`, insertOnly: 1 }, 'taken', 'x'))[0]).toBe(614);
    expect((await put({ scope: `${Bucket}:one` }, 'two'))[0]).toBe(403);
    expect((await put({ scope: Bucket, expires: -1 }, 'late'))[0]).toBe(401);
    expect((await put({ scope: Bucket, fsizeLimit: 4 }, 'large'))[0]).toBe(413);
    expect((await put({ scope: Bucket, fsizeMin: 6 }, 'small'))[0]).toBe(403);
    expect((await put({ scope: Bucket, mimeLimit: 'image/*' }, 'text.txt'))[0]).toBe(403);
    expect((await put({ scope: 'no-such-bucket' }, 'a'))[0]).toBe(631);
    expect((await put({ scope: Bucket, persistentOps: 'avinfo' }, 'a'))[0]).toBe(400);
    const stranger = new qiniu.auth.digest.Mac(gateway.accessKeyId, 'another-secret-key');
    const forged = new qiniu.rs.PutPolicy({ scope: Bucket }).uploadToken(stranger);
    expect((await told(sdk.forms.put(forged, 'forged', 'x', extra())))[0]).toBe(401);
  });
});

const resumeExtra = (version: string, recorder?: qiniu.resume_up.ResumeRecorder) =>
  qiniu.resume_up.PutExtra.create(
    ...(['nine.bin', { 'x:user': 'u1' }, 'application/x-nine', undefined] as const),
    ...([undefined, 4 * 2 ** 20, version, { 'x-qn-meta-color': 'red' }, recorder] as const),
  );

describe.each(['v1', 'v2'])('a resumable upload of version %s', (version) => {
  it('of a file is stored in blocks', async () => {
    const key = `resumed/${version}`;
    const token = sdk.token({ scope: Bucket });
    const answer = await told(
      sdk.resumable.putFileV2(token, key, ninePath, resumeExtra(version)) as never,
    );
    expect(answer).toEqual([200, { hash: qetagOfNine, key }]);
    const { bytes, type, metadata } = await stored(key);
    expect(bytes.equals(nine)).toBe(true);
    expect([type, metadata]).toEqual(['application/x-nine', { color: 'red' }]);
  });

  it('of a stream, without a key, is named by its hash', async () => {
    const token = sdk.token({ scope: Bucket });
    const answer = await told(
      sdk.resumable.putStreamV2(
        ...([token, null, createReadStream(ninePath), nine.length] as const),
        resumeExtra(version),
      ) as never,
    );
    expect(answer).toEqual([200, { hash: qetagOfNine, key: qetagOfNine }]);
  });

  it('of an empty file is an empty object', async () => {
    const path = join(directory, 'empty');
    await writeFile(path, '');
    const token = sdk.token({ scope: Bucket });
    const key = `empty/${version}`;
    const answer = await told(
      sdk.resumable.putFileV2(token, key, path, resumeExtra(version)) as never,
    );
    expect(answer[0]).toBe(200);
    expect((await stored(key)).bytes.length).toBe(0);
  });

  it('goes on where it was interrupted', async () => {
    const door = await FailingDoor.start(gateway.qiniuUrl);
    const recorder = qiniu.resume_up.createResumeRecorderSync(directory);
    const key = `interrupted/${version}`;
    const put = (through: QiniuSdk) =>
      through.resumable.putFileV2(
        through.token({ scope: Bucket }),
        ...([key, ninePath, resumeExtra(version, recorder)] as const),
      );
    const isData = version === 'v1' ? /^\/mkblk\// : /\/uploads\/[^/]+\/\d+$/;
    door.fails = (path, count) => isData.test(path) && count > 1;
    const failed = await put(sdkOf(gateway, door.host)).then(
      ({ resp }) => resp.statusCode,
      () => 'failed',
    );
    expect(failed).not.toBe(200);
    const before = door.paths.filter((path) => isData.test(path)).length;
    expect(before).toBeGreaterThan(1);
    door.fails = () => false;
    door.paths.length = 0;
    const answer = await told(put(sdkOf(gateway, door.host)) as never);
    expect(answer).toEqual([200, { hash: qetagOfNine, key }]);
    expect(door.paths.filter((path) => isData.test(path))).toHaveLength(2);
    expect((await stored(key)).bytes.equals(nine)).toBe(true);
    sdk = sdkOf(gateway);
    await door.close();
  });
});

it('the calls of older programs upload in blocks of version 1', async () => {
  const { resumable } = sdk;
  const { PutExtra } = qiniu.resume_up;
  const key = 'old/nine';
  const token = sdk.token({ scope: `${Bucket}:${key}` });
  const file = await told(resumable.putFile(token, key, ninePath, new PutExtra()));
  expect(file).toEqual([200, { hash: qetagOfNine, key }]);
  const stream = createReadStream(ninePath);
  const streamed = await told(resumable.putStream(token, key, stream, nine.length, new PutExtra()));
  expect(streamed).toEqual([200, { hash: qetagOfNine, key }]);
  const whole = sdk.token({ scope: Bucket });
  const unnamed = await told(resumable.putFileWithoutKey(whole, ninePath, new PutExtra()));
  expect(unnamed).toEqual([200, { hash: qetagOfNine, key: qetagOfNine }]);
  expect((await stored(key)).bytes.equals(nine)).toBe(true);
});

it('an SDK without a zone asks the gateway where everything is', async () => {
  const discovering = discoveringSdkOf(gateway);
  const token = discovering.token({ scope: Bucket });
  expect((await told(discovering.forms.put(token, 'found', 'hello', extra())))[0]).toBe(200);
  expect((await discovering.buckets.stat(Bucket, 'found')).data).toMatchObject({ fsize: 5 });
  expect((await discovering.buckets.listPrefix(Bucket, { prefix: 'found' })).data).toMatchObject({
    items: [{ key: 'found' }],
  });
});

describe('a callback', () => {
  const received: { path: string; body: string; authorization: string; type: string }[] = [];
  let app: Server;
  let url: string;

  beforeAll(async () => {
    app = createServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => {
        body += String(piece);
      });
      request.on('end', () => {
        const { authorization = '', 'content-type': type = '' } = request.headers;
        received.push({ path: request.url ?? '', body, authorization, type });
        const isRefused = request.url === '/refuse';
        response.writeHead(isRefused ? 500 : 200).end('{"success":true,"name":"七"}');
      });
    });
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    app.closeAllConnections();
    app.close();
  });

  it.each([
    ['application/x-www-form-urlencoded', 'key=$(key)&size=$(fsize)', 'key=called%2Fa%20b&size=5'],
    ['application/json', '{"key":$(key),"size":$(fsize)}', '{"key":"called/a b","size":5}'],
  ])('of type %s is signed, and its answer is the answer', async (type, callbackBody, body) => {
    received.length = 0;
    const token = sdk.token({
      ...{ scope: `${Bucket}:called/a b`, callbackUrl: `${url}/done?shop=1` },
      ...{ callbackBody, callbackBodyType: type },
    });
    const answer = await told(sdk.forms.put(token, 'called/a b', 'hello', extra()));
    expect(answer).toEqual([200, { success: true, name: '七' }]);
    expect(received).toMatchObject([{ path: '/done?shop=1', type }]);
    const [call] = received;
    expect(decodeURIComponent(call?.body.replaceAll('+', ' ') ?? '')).toBe(
      decodeURIComponent(body),
    );
    const signed = type === 'application/json' ? null : (call?.body ?? null);
    const isOurs = (text: string | null) =>
      qiniu.util.isQiniuCallback(sdk.mac, `${url}/done?shop=1`, text, call?.authorization ?? '');
    expect(isOurs(signed)).toBe(true);
    expect(isOurs('key=other')).toBe(false);
  });

  it('that fails is told, and the object stays', async () => {
    const token = sdk.token({
      ...{ scope: Bucket, callbackUrl: `${url}/refuse`, callbackBody: 'key=$(key)' },
    });
    const [status, data] = await told(sdk.forms.put(token, 'uncalled', 'hello', extra()));
    expect(status).toBe(579);
    expect(data).toMatchObject({ hash: qetagOfHello, key: 'uncalled' });
    expect((await stored('uncalled')).text).toBe('hello');
  });
});

/** Passes requests on, but for those that are to fail. */
class FailingDoor {
  readonly paths: string[] = [];
  /** `count` is of the requests whose paths would fail, this one included. */
  fails: (path: string, count: number) => boolean = () => false;
  readonly #server: Server;

  private constructor(target: string) {
    this.#server = createServer((incoming, outgoing) => {
      const path = incoming.url ?? '';
      this.paths.push(path);
      const count = this.paths.filter((each) => this.fails(each, Number.MAX_VALUE)).length;
      if (this.fails(path, count)) {
        incoming.resume();
        outgoing.writeHead(400, { 'content-type': 'application/json', 'x-reqid': 'x' });
        outgoing.end('{"error":"interrupted"}');
        return;
      }
      const passed = httpRequest(
        target + path,
        { method: incoming.method ?? 'GET', headers: incoming.headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        },
      );
      incoming.pipe(passed);
    });
  }

  static async start(target: string): Promise<FailingDoor> {
    const door = new FailingDoor(target);
    await new Promise<void>((resolve) => door.#server.listen(0, '127.0.0.1', resolve));
    return door;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
