import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type SignedRequest, signedHosts } from '../../../../src/qiniu/auth/canonical-requests.ts';
import {
  parseManagementToken,
  verifyManagementToken,
} from '../../../../src/qiniu/auth/management-token.ts';

const fixtures = new URL('../../../fixtures/qiniu/', import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, fixtures), 'utf8'));
const vectors = read('signatures.json');
const secretKey: string = vectors.secretKey;

interface Capture {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: { readonly text?: string };
  readonly auth?: { readonly scheme: string };
}

/** Ports that the recorders of the captures listened on, by the SDK in the file's name. */
const ports: Readonly<Record<string, number>> = { js: 19003, py: 19004, java: 19005 };

const captures = readdirSync(fixtures)
  .filter((name) => name.endsWith('.json') && !['signatures.json', 'qetag.json'].includes(name))
  .flatMap((name) =>
    (read(name).requests as readonly Capture[])
      .filter(({ auth }) => auth?.scheme === 'Qiniu' || auth?.scheme === 'QBox')
      .map((capture) => ({ name: `${name} ${capture.url}`, file: name, capture })),
  );

function requestOf(
  { method, url, headers, body }: Capture,
  listenPort: number,
): { request: SignedRequest; authorization: string } {
  const lower = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  const get = (name: string) => lower.find(([other]) => other === name)?.[1] ?? null;
  return {
    authorization: get('authorization') ?? '',
    request: {
      method,
      target: url,
      hosts: signedHosts(get('host') ?? '', { listenPort, others: [] }),
      contentType: get('content-type'),
      headers: lower,
      body: Buffer.from(body.text ?? ''),
      isBodySigned: true,
    },
  };
}

function isAccepted(authorization: string, request: SignedRequest): boolean {
  const token = parseManagementToken(authorization);
  return token !== null && verifyManagementToken(token, secretKey, request);
}

/** The last digit holds only some bits: another digit before it is surely another signature. */
function altered(authorization: string): string {
  const at = authorization.length - 3;
  return (
    authorization.slice(0, at) +
    (authorization[at] === 'A' ? 'B' : 'A') +
    authorization.slice(at + 1)
  );
}

describe('captured management requests', () => {
  it('are there', () => expect(captures.length).toBeGreaterThan(20));

  it.each(captures)('$name is accepted as its SDK signed it', ({ file, capture }) => {
    const port = ports[file.split('-', 1)[0] ?? ''] ?? 19000;
    const { request, authorization } = requestOf(capture, port);
    expect(isAccepted(authorization, request)).toBe(true);
  });

  it.each(captures)('$name is refused with anything changed', ({ file, capture }) => {
    const port = ports[file.split('-', 1)[0] ?? ''] ?? 19000;
    const { request, authorization } = requestOf(capture, port);
    expect(isAccepted(altered(authorization), request)).toBe(false);
    expect(isAccepted(authorization, { ...request, target: `${request.target}x` })).toBe(false);
    expect(isAccepted(authorization, { ...request, body: Buffer.from('op=x') })).toBe(false);
    expect(
      verifyManagementToken(parseManagementToken(authorization) as never, 'other', request),
    ).toBe(false);
    if (!authorization.startsWith('Qiniu')) return;
    expect(isAccepted(authorization, { ...request, method: 'PUT' })).toBe(false);
    expect(isAccepted(authorization, { ...request, hosts: ['other.example.com'] })).toBe(false);
  });
});

interface Vector {
  readonly method?: string;
  readonly url: string;
  readonly contentType?: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly authorization: string;
  readonly standardAuthorization?: string;
}

describe('vectors of Qiniu and QBox tokens', () => {
  const list = [...vectors.qbox, ...vectors.qiniu] as readonly Vector[];

  it.each(list)('$url', (vector) => {
    const url = /^https?:\/\/([^/]+)(.*)$/.exec(vector.url);
    const headers = Object.entries(vector.headers ?? {});
    const request = {
      method: vector.method ?? 'POST',
      target: url?.[2] ?? '',
      hosts: signedHosts(url?.[1] ?? '', { listenPort: null, others: [] }),
      contentType: vector.contentType ?? null,
      headers: headers.map(([name, value]) => [name.toLowerCase(), value] as const),
      body: Buffer.from(vector.body),
      isBodySigned: false,
    };
    expect(isAccepted(vector.authorization, request)).toBe(true);
    expect(isAccepted(vector.standardAuthorization ?? vector.authorization, request)).toBe(true);
    expect(isAccepted(altered(vector.authorization), request)).toBe(false);
  });
});

describe('a body that carries commands', () => {
  const vector = vectors.qiniu[4] as Vector;
  const request = {
    method: 'POST',
    target: '/x',
    hosts: ['up.qiniup.com'],
    contentType: 'application/octet-stream',
    headers: [],
    body: Buffer.from('another body'),
  };

  it('must be signed, although SDKs leave bodies of octets out', () => {
    expect(isAccepted(vector.authorization, { ...request, isBodySigned: true })).toBe(false);
    expect(isAccepted(vector.authorization, { ...request, isBodySigned: false })).toBe(true);
  });
});

describe('parseManagementToken', () => {
  it.each(['', 'UpToken a:b', 'Qiniu ak', 'Qiniu ak:short', 'QBox :vLW-PSLydbKpqvzlr7seWUWlipQ='])(
    'gives null for %j',
    (header) => expect(parseManagementToken(header)).toBeNull(),
  );

  it('takes signatures without padding and other letter case of the scheme', () => {
    const token = parseManagementToken('qbox ak:vLW-PSLydbKpqvzlr7seWUWlipQ');
    expect(token).toMatchObject({ scheme: 'QBox', accessKeyId: 'ak' });
  });
});

describe('signedHosts', () => {
  it('repeats a port, and adds the one listened on where there is none', () => {
    const options = { listenPort: 9002, others: ['rs.example.com'] };
    expect(signedHosts('gw:19000', options)).toEqual([
      'gw:19000',
      'gw:19000:19000',
      'rs.example.com',
      'rs.example.com:9002',
    ]);
    expect(signedHosts('127.0.0.1', { ...options, others: [] })).toContain('127.0.0.1:9002');
  });
});
