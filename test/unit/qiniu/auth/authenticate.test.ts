import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QiniuRoute } from '../../../../src/qiniu/operation.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { type QiniuServer, qiniuKey, startQiniuServer } from '../../../support/qiniu-server.ts';

const formType = 'application/x-www-form-urlencoded';

function sign(text: string): string {
  const digest = createHmac('sha1', qiniuKey.secretAccessKey).update(text).digest('base64');
  return digest.replaceAll('+', '-').replaceAll('/', '_');
}

const route = (path: string, more: Partial<QiniuRoute> = {}): QiniuRoute => ({
  ...{ name: 'test', methods: ['GET', 'POST'], path, authentication: 'management' },
  handle: async () => ({}),
  ...more,
});

describe('authenticateManagement', () => {
  let core: TestCore;
  let server: QiniuServer;
  const open = async (options: Parameters<typeof startQiniuServer>[1] = {}) => {
    core = await createTestCore();
    const routes = [route('/told/:x'), route('/commands', { hasCommands: true })];
    server = await startQiniuServer(core, { routes, ...options });
  };
  beforeEach(() => open());
  afterEach(async () => {
    await server.close();
    await core.index.close();
  });

  async function statusOf(
    host: string,
    more: {
      readonly path?: string;
      readonly signed?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly dates?: string;
      readonly body?: string;
      readonly type?: string | null;
      readonly signedBody?: string;
    } = {},
  ): Promise<number> {
    const { path = '/told/x', signed = path, headers = {}, dates = '', body = '' } = more;
    const { type = formType, signedBody = body } = more;
    const line = type === null ? '' : `\nContent-Type: ${type}`;
    const sent = sign(`POST ${signed}\nHost: ${host}${line}${dates}\n\n${signedBody}`);
    const all = {
      ...(type !== null && { 'content-type': type }),
      authorization: `Qiniu ${qiniuKey.accessKeyId}:${sent}`,
      ...headers,
    };
    return (await server.send({ path, headers: all, body })).status;
  }
  const here = () => `127.0.0.1:${server.port}`;

  it('takes the host as it is, with its port repeated, and with the port that is left out', async () => {
    expect(await statusOf(here())).toBe(200);
    expect(await statusOf(`${here()}:${server.port}`)).toBe(200);
    expect(await statusOf(here(), { headers: { host: '127.0.0.1' } })).toBe(200);
    expect(await statusOf('other.example.com')).toBe(401);
    expect(await statusOf('127.0.0.1')).toBe(401);
  });

  it('takes public names, and those that a believed proxy tells', async () => {
    const forwarded = { 'x-forwarded-host': 'gw.example.com', 'x-forwarded-port': '8443' };
    expect(await statusOf('gw.example.com:8443', { headers: forwarded })).toBe(401);
    await server.close();
    await core.index.close();
    await open({ trustedProxies: ['127.0.0.1'], publicHosts: ['kodo.example.com'] });
    expect(await statusOf('gw.example.com:8443', { headers: forwarded })).toBe(200);
    expect(await statusOf('gw.example.com', { headers: forwarded })).toBe(200);
    expect(await statusOf('kodo.example.com')).toBe(200);
  });

  it('takes a decoded path, as some SDKs sign it', async () => {
    expect(await statusOf(here(), { path: '/told/a%3D', signed: '/told/a=' })).toBe(200);
    expect(await statusOf(here(), { path: '/told/a%3D', signed: '/told/b=' })).toBe(401);
  });

  it('demands that commands are signed, whatever the content type', async () => {
    const path = '/commands';
    const body = 'op=/delete/x';
    expect(await statusOf(here(), { path, body })).toBe(200);
    for (const type of [formType, 'application/octet-stream', 'application/json', null]) {
      expect([type, await statusOf(here(), { path, body, type, signedBody: '' })]).toEqual([
        type,
        401,
      ]);
    }
    // What nobody reads may be left out.
    const type = 'application/octet-stream';
    expect(await statusOf(here(), { body, type, signedBody: '' })).toBe(200);
  });

  it('looks at the signed date, as far as it is one', async () => {
    const at = (timeMs: number) =>
      `${new Date(timeMs).toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}Z`;
    const dated = (date: string) =>
      statusOf(here(), { headers: { 'x-qiniu-date': date }, dates: `\nX-Qiniu-Date: ${date}` });
    const { nowMs } = core.clock;
    expect(await dated(at(nowMs - 14 * 60_000))).toBe(200);
    expect(await dated(at(nowMs + 14 * 60_000))).toBe(200);
    expect(await dated(at(nowMs - 16 * 60_000))).toBe(403);
    expect(await dated(at(nowMs + 16 * 60_000))).toBe(403);
    expect(await dated('yesterday')).toBe(403);
    await server.close();
    await core.index.close();
    await open({ dateSkewMsMax: null });
    expect(await dated(at(0))).toBe(200);
  });

  it('takes the old scheme, which signs neither method nor date', async () => {
    const authorization = `QBox ${qiniuKey.accessKeyId}:${sign('/told/x\n')}`;
    const headers = { authorization, 'x-qiniu-date': '20000101T000000Z' };
    expect((await server.send({ method: 'GET', path: '/told/x', headers })).status).toBe(200);
    expect((await server.send({ method: 'GET', path: '/told/y', headers })).status).toBe(401);
    const body = 'op=a';
    const form = { 'content-type': formType };
    const signed = `QBox ${qiniuKey.accessKeyId}:${sign(`/commands\n${body}`)}`;
    const unsigned = `QBox ${qiniuKey.accessKeyId}:${sign('/commands\n')}`;
    const send = (header: string, type: Record<string, string>) =>
      server.send({ path: '/commands', headers: { ...type, authorization: header }, body });
    expect((await send(signed, form)).status).toBe(200);
    expect((await send(unsigned, form)).status).toBe(401);
    expect((await send(unsigned, { 'content-type': 'application/json' })).status).toBe(401);
  });

  it('asks for credentials on every request: a key that does not count any more is refused', async () => {
    await server.close();
    await core.index.close();
    let isActive = true;
    await open({
      findCredentials: async () =>
        isActive ? { secretAccessKey: qiniuKey.secretAccessKey, caller: core.alice } : null,
    });
    expect(await statusOf(here())).toBe(200);
    isActive = false;
    expect(await statusOf(here())).toBe(401);
  });
});
