import { createHmac } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import type { Query } from '../../http/query.ts';
import type { ReceivedHeaders, RequestHeaders } from '../../http/request-headers.ts';
import type { RequestTarget } from '../request.ts';
import { subresources } from '../subresources.ts';
import { checkSkew, signedTime } from './authorization-header.ts';
import { headerOctets } from './presigned-query.ts';
import { renderIsoSeconds } from './timestamps.ts';

/**
 * Query parameters that are part of the resource; all others are outside the signature, as AWS
 * defines it. Whatever selects an operation or its answer must be in, known or not, so that nobody
 * turns a link into another request; `list-type` is out because no client signs it.
 */
const isSigned = (name: string) =>
  (subresources.has(name) && name !== 'list-type') ||
  name === 'partNumber' ||
  name === 'versionId' ||
  name.startsWith('response-');

/** A signature of version 2, not yet believed. */
export interface SignatureV2Claim {
  readonly accessKeyId: string;
  readonly signature: string;
  /** The line of the time as it is signed: when a link expires, or the header Date. */
  readonly time: string;
  readonly isPresigned: boolean;
}

interface RequestV2 {
  readonly method: string;
  readonly target: RequestTarget;
  readonly headers: ReceivedHeaders;
}

/** Reads a link. Throws `AccessDenied` when it has expired, or does not say when it does. */
export function parseLinkV2(query: Query, nowMs: number): SignatureV2Claim {
  const expires = query.get('Expires');
  if (expires === null || !/^\d{1,12}$/.test(expires)) {
    throw new GatewayError('AccessDenied', {
      message:
        'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
    });
  }
  const expiresAtMs = Number(expires) * 1000;
  if (nowMs > expiresAtMs) {
    throw new GatewayError('AccessDenied', {
      message: 'Request has expired',
      Expires: renderIsoSeconds(expiresAtMs),
      ServerTime: renderIsoSeconds(nowMs),
    });
  }
  return {
    accessKeyId: query.get('AWSAccessKeyId') ?? '',
    signature: query.get('Signature') ?? '',
    time: expires,
    isPresigned: true,
  };
}

/**
 * Reads `Authorization: AWS KEY:SIGNATURE`. Throws `InvalidArgument`, `AccessDenied` without a
 * date, and `RequestTimeTooSkewed`.
 */
export function parseHeaderV2(headers: RequestHeaders, nowMs: number): SignatureV2Claim {
  const authorization = headers.get('authorization') ?? '';
  // The last colon, because other systems hand out access key ids with colons.
  const match = /^AWS[ \t]+([^\s].*):([^:\s]+)$/.exec(authorization.trim());
  if (!match) {
    throw new GatewayError('InvalidArgument', {
      message: 'AWS authorization header is invalid.  Expected AwsAccessKeyId:signature',
      ArgumentName: 'Authorization',
      ArgumentValue: 'AWS',
    });
  }
  checkSkew(signedTime(headers), nowMs);
  const [, accessKeyId = '', signature = ''] = match;
  // With x-amz-date, which is among the headers that are signed, the line of the date is empty.
  const time = headers.get('x-amz-date') === null ? (headers.get('date') ?? '') : '';
  return { accessKeyId, signature, time, isPresigned: false };
}

/** Headers that a presigner moved into the query; they mean and are signed as the header would be. */
export function headersOfLinkV2({ headers, target }: Omit<RequestV2, 'method'>): ReceivedHeaders {
  const moved = new Map<string, string>();
  for (const { name: parameter, value } of target.query.all()) {
    const name = parameter.toLowerCase();
    if (!/^(content-md5|content-type|x-amz-.*)$/.test(name) || moved.has(name)) continue;
    moved.set(name, headerOctets(parameter, value));
  }
  return headers.with(moved);
}

/**
 * What signature version 2 signs.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
 */
export function stringToSignV2(
  { method, target }: Omit<RequestV2, 'headers'>,
  headers: ReceivedHeaders,
  time: string,
  path: string = target.path,
): string {
  const amazonHeaders = [...headers.entries()]
    .filter(([name]) => name.startsWith('x-amz-'))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim()}\n`);
  return [
    method,
    headers.get('content-md5') ?? '',
    headers.get('content-type') ?? '',
    time,
    amazonHeaders.join('') + canonicalResource({ ...target, path }),
  ].join('\n');
}

function canonicalResource({ bucketInHost, bucketName, path, query }: RequestTarget): string {
  const resource = bucketInHost ? `/${bucketName}${path}` : path;
  const parameters = query
    .all()
    .filter(({ name }) => isSigned(name))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ rawValue, name, value }) => (rawValue === '' ? name : `${name}=${value}`));
  return parameters.length > 0 ? `${resource}?${parameters.join('&')}` : resource;
}

/**
 * Paths to verify with: as received; and for a bucket with a slash behind, which botocore signs and
 * does not send. Both name the same bucket.
 */
export function candidatePathsV2({ path, key, bucketInHost }: RequestTarget): readonly string[] {
  const isBareBucket = !bucketInHost && key === null && !path.endsWith('/');
  return isBareBucket ? [path, `${path}/`] : [path];
}

export function signatureV2(secretAccessKey: string, toSign: string): string {
  return createHmac('sha1', secretAccessKey).update(toSign, 'latin1').digest('base64');
}
