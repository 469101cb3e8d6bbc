export type ManagementScheme = 'QBox' | 'Qiniu';

/** What of a request management signatures cover. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as received, octets as characters. */
  readonly target: string;
  /** Names of the gateway that the client may have signed, most likely first; see `signedHosts`. */
  readonly hosts: readonly string[];
  /** Null without the header. */
  readonly contentType: string | null;
  /** As received, for the `X-Qiniu-*` ones. */
  readonly headers: Iterable<readonly [string, string]>;
  readonly body: Buffer;
  /**
   * Whether the body says what is to be done: then it must be signed, or whoever saw a signature
   * could send it again with another body.
   */
  readonly isBodySigned: boolean;
}

const formType = 'application/x-www-form-urlencoded';
const octetType = 'application/octet-stream';
const headerPrefix = 'x-qiniu-';

/** A text to sign, in pieces. */
type Pieces = readonly (string | Buffer)[];

/** Every text that an official SDK may have signed for this request, most likely first. */
export function* canonicalRequests(
  scheme: ManagementScheme,
  request: SignedRequest,
): Generator<Pieces> {
  for (const target of targetsOf(request.target)) {
    if (scheme === 'QBox') yield* qboxForms(target, request);
    else yield* qiniuForms(target, request);
  }
}

/**
 * `path[?query]\n` and the body of a form. Method and host are not signed. Bodies of other types are
 * left out by some clients.
 */
function* qboxForms(target: Buffer, { contentType, body, isBodySigned }: SignedRequest) {
  yield [target, '\n', body];
  const isForm = mediaTypeOf(contentType) === formType;
  if (body.length > 0 && !isForm && !isBodySigned) yield [target, '\n'];
}

function* qiniuForms(target: Buffer, request: SignedRequest): Generator<Pieces> {
  const headers = qiniuHeaderLines(request.headers);
  for (const host of request.hosts) {
    for (const contentType of contentTypesOf(request.contentType)) {
      const line = contentType === null ? '' : `\nContent-Type: ${contentType}`;
      const head = octets(`\nHost: ${host}${line}${headers}\n\n`);
      for (const body of bodiesOf(request)) yield [`${request.method} `, target, head, body];
    }
  }
}

/**
 * As received; the form type, which Node's and Go's SDKs sign for calls without a body; and no line
 * at all, as Java's and Python's sign where there is no header.
 */
function contentTypesOf(received: string | null): ReadonlySet<string | null> {
  return received === null ? new Set([formType, null]) : new Set([received, formType, null]);
}

/** SDKs sign no body of octets, and none without a content type. */
function* bodiesOf({ body, contentType, isBodySigned }: SignedRequest): Generator<Buffer> {
  yield body;
  if (body.length === 0 || isBodySigned) return;
  if (contentType === null || mediaTypeOf(contentType) === octetType) yield Buffer.alloc(0);
}

/** As received, and with its path decoded, as Go's and Java's SDKs sign it. */
function* targetsOf(target: string): Generator<Buffer> {
  yield octets(target);
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  if (!/%[0-9a-f]{2}/i.test(path)) return;
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  yield octets(decoded + target.slice(path.length));
}

/** `\nX-Qiniu-Name: value` for each, sorted by name; one named just `X-Qiniu-` does not count. */
function qiniuHeaderLines(headers: Iterable<readonly [string, string]>): string {
  return [...headers]
    .filter(([name]) => name.startsWith(headerPrefix) && name.length > headerPrefix.length)
    .map(([name, value]) => [canonicalName(name), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name}: ${value}`)
    .join('');
}

/** `x-qiniu-date` as `X-Qiniu-Date`. */
function canonicalName(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, dash, letter) => dash + letter.toUpperCase());
}

function mediaTypeOf(contentType: string | null): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function octets(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/**
 * The hosts that a client may have signed. `received` is the Host header; Node's SDK signs it with
 * a port other than the scheme's repeated (`gw:9002:9002`), and Java's leaves the port out of the
 * header of some calls although it signs it. `others` are public names that proxies or the operator
 * tell.
 */
export function signedHosts(
  received: string,
  {
    listenPort,
    others,
  }: { readonly listenPort: number | null; readonly others: readonly string[] },
): readonly string[] {
  const hosts = new Set<string>();
  for (const host of [received, ...others]) {
    hosts.add(host);
    const [, port] = /:(\d+)$/.exec(host) ?? [];
    if (port !== undefined) hosts.add(`${host}:${port}`);
    else if (listenPort !== null) hosts.add(`${host}:${listenPort}`);
  }
  return [...hosts];
}
