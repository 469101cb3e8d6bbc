import aws4 from 'aws4';

export type PresignMethod = 'GET' | 'HEAD' | 'PUT' | 'DELETE';

export interface PresignRequest {
  readonly method: PresignMethod;
  /** `http://host:port`, as the user of the link reaches the gateway: the host is signed. */
  readonly endpoint: URL;
  readonly bucketName: string;
  readonly key: string;
  /** Null for the current version. */
  readonly versionId?: string | null;
  /**
   * By lower-case name. Those that begin with `x-amz-` are in the link; the rest has to be sent with
   * it, as it is.
   */
  readonly headers?: ReadonlyMap<string, string>;
  /** 1 second to 7 days, SigV4's bound. */
  readonly expiresSeconds: number;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export const PRESIGN_EXPIRES_SECONDS_MAX = 7 * 24 * 3600;

/** A path-style link that whoever has it can use once or often until it expires. */
export function presignUrl(request: PresignRequest): string {
  const { endpoint, bucketName, key, versionId, accessKeyId, secretAccessKey } = request;
  const date = new Date(request.nowMs).toISOString().replace(/[:-]|\.\d{3}/g, '');
  const headers = [...(request.headers ?? [])];
  const isInLink = ([name]: readonly [string, string]) => name.startsWith('x-amz-');
  const parameters = [
    ...(versionId ? [['versionId', versionId] as const] : []),
    ...headers.filter(isInLink),
    ['X-Amz-Expires', String(request.expiresSeconds)] as const,
    ['X-Amz-Date', date] as const,
  ];
  const query = parameters.map(([name, value]) => `${name}=${encodeSegment(value)}`).join('&');
  const sentHeaders = Object.fromEntries(headers.filter((header) => !isInLink(header)));
  const signed = aws4.sign(
    {
      service: 's3',
      region: request.region,
      method: request.method,
      headers: { Host: endpoint.host, ...sentHeaders },
      path: `/${bucketName}/${encodeKey(key)}?${query}`,
      signQuery: true,
    },
    { accessKeyId, secretAccessKey },
  );
  return `${endpoint.origin}${signed.path}`;
}

/**
 * SigV4's UriEncode of each path segment: everything but unreserved characters (RFC 3986) becomes
 * `%XX` of its UTF-8 bytes, and the slashes between segments stay as they are.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
function encodeKey(key: string): string {
  return key.split('/').map(encodeSegment).join('/');
}

function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
