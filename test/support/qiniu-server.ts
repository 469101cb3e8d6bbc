import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { pino } from 'pino';
import { parseIpRange } from '../../src/core/access/policy/ip-range.ts';
import type { Caller } from '../../src/core/services.ts';
import { listenHttp } from '../../src/http/listener.ts';
import { RequestLimit } from '../../src/http/request-limit.ts';
import type { RequestObserver } from '../../src/http/request-observer.ts';
import { TrustedProxies } from '../../src/http/trusted-proxies.ts';
import { createQiniuDoor, type QiniuDoorContext } from '../../src/qiniu/door.ts';
import type { TestCore } from './core-services.ts';

/** The keys of the recorded requests; alice's. */
export const qiniuKey = { accessKeyId: 'MY_ACCESS_KEY', secretAccessKey: 'MY_SECRET_KEY' };
/** Bob's, with the same secret. */
export const otherQiniuKeyId = 'OTHER_ACCESS_KEY';

export interface QiniuAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** Undefined for an empty body. */
  readonly json: never;
}

export interface QiniuServer {
  readonly endpoint: string;
  readonly port: number;
  /** Parsed lines of the log, oldest first. */
  readonly logLines: Record<string, unknown>[];
  /** Sends a request as it is. */
  send(request: {
    readonly method?: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
    readonly body?: string | Buffer;
  }): Promise<QiniuAnswer>;
  /** Sends a management call signed in the standard form. */
  call(
    path: string,
    options?: { readonly body?: string; readonly accessKeyId?: string; readonly method?: string },
  ): Promise<QiniuAnswer>;
  close(): Promise<void>;
}

/** The Qiniu door over HTTP on loopback, on a core in memory; its clock is the core's. */
export async function startQiniuServer(
  core: TestCore,
  options: Partial<Omit<QiniuDoorContext, 'core' | 'trustedProxies'>> & {
    readonly trustedProxies?: readonly string[];
    readonly observer?: RequestObserver;
  } = {},
): Promise<QiniuServer> {
  const logLines: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (line) => logLines.push(JSON.parse(line)) });
  const callers = new Map<string, Caller>([
    [qiniuKey.accessKeyId, { ...core.alice, accessKeyId: qiniuKey.accessKeyId }],
    [otherQiniuKeyId, { ...core.bob, accessKeyId: otherQiniuKeyId }],
  ]);
  const { trustedProxies = [], ...more } = options;
  const door = createQiniuDoor({
    bodyPace: { idleTimeoutMs: 60_000, bytesPerSecondMin: 0 },
    requestLimit: new RequestLimit(100),
    publicHosts: [],
    timeZone: 'Asia/Shanghai',
    uploads: {
      ignoresPersistentOps: false,
      blocksOverwrite: true,
      callbackScheme: 'QBox',
      callbackTimeoutMs: 10_000,
    },
    regions: { name: 'z0', ttlSeconds: 600, hosts: {} },
    areNewBucketsPublic: false,
    fetchLimits: { sizeBytesMax: 2 ** 20, timeoutMs: 10_000 },
    dateSkewMsMax: 900_000,
    findCredentials: async (id) => {
      const caller = callers.get(id);
      return caller ? { secretAccessKey: qiniuKey.secretAccessKey, caller } : null;
    },
    ...more,
    core: { ...core, logger },
    trustedProxies: new TrustedProxies(
      trustedProxies.flatMap((range) => parseIpRange(range) ?? []),
    ),
  });
  const listener = await listenHttp(door, { host: '127.0.0.1', port: 0 });
  const { port } = listener;
  const server: QiniuServer = {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    logLines,
    send: (request) => exchange(port, request),
    call: (path, { body = '', accessKeyId = qiniuKey.accessKeyId, method = 'POST' } = {}) => {
      const type = 'application/x-www-form-urlencoded';
      const text = `${method} ${path}\nHost: 127.0.0.1:${port}\nContent-Type: ${type}\n\n${body}`;
      const hmac = createHmac('sha1', qiniuKey.secretAccessKey).update(text).digest('base64');
      const sign = hmac.replaceAll('+', '-').replaceAll('/', '_');
      const headers = { 'content-type': type, authorization: `Qiniu ${accessKeyId}:${sign}` };
      return exchange(port, { method, path, headers, body });
    },
    close: () => listener.close(0),
  };
  return server;
}

function exchange(
  port: number,
  { method = 'POST', path, headers = {}, body = '' }: Parameters<QiniuServer['send']>[0],
): Promise<QiniuAnswer> {
  return new Promise((resolve, reject) => {
    const list = Array.isArray(headers) ? headers.flat() : Object.entries(headers).flat();
    const hasHost = list.some((text, at) => at % 2 === 0 && text.toLowerCase() === 'host');
    const hasLength = list.some(
      (text, at) => at % 2 === 0 && /^(content-length|transfer-encoding)$/i.test(text),
    );
    const all = [...list];
    if (!hasHost) all.push('host', `127.0.0.1:${port}`);
    if (!hasLength && body.length > 0) all.push('content-length', String(Buffer.byteLength(body)));
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path, headers: all as never, setHost: false },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(pieces).toString();
          const isJson = /^[[{]/.test(text) && !text.includes('}\n');
          const json = (isJson ? JSON.parse(text) : undefined) as never;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
