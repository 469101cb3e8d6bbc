import aws4 from 'aws4';

export interface PresignRequest {
  readonly method: 'GET' | 'PUT';
  /** `http://host:port`, as the user of the link reaches the gateway: the host is signed. */
  readonly endpoint: URL;
  readonly bucketName: string;
  readonly key: string;
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
  const { endpoint, bucketName, key, accessKeyId, secretAccessKey } = request;
  const date = new Date(request.nowMs).toISOString().replace(/[:-]|\.\d{3}/g, '');
  const query = `X-Amz-Expires=${request.expiresSeconds}&X-Amz-Date=${date}`;
  const signed = aws4.sign(
    {
      service: 's3',
      region: request.region,
      method: request.method,
      headers: { Host: endpoint.host },
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
  return key
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment).replace(
        /[!'()*]/g,
        (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');
}
