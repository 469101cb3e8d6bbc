import type { CopySource } from '../core/copy-object.ts';
import { GatewayError } from '../core/errors.ts';
import { readConditions } from '../http/preconditions.ts';
import type { RequestHeaders } from '../http/request-headers.ts';

const versionParameter = '?versionId=';

/**
 * The source that `x-amz-copy-source` names: `bucket/key` or `/bucket/key`, URL-encoded, with an
 * optional `?versionId=`. Throws `InvalidArgument`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function parseCopySource(headers: RequestHeaders): CopySource {
  const value = headers.get('x-amz-copy-source') ?? '';
  // A literal `?` of a key comes as %3F.
  const question = value.lastIndexOf(versionParameter);
  const path = decode(question === -1 ? value : value.slice(0, question), value);
  const versionId =
    question === -1 ? null : decode(value.slice(question + versionParameter.length), value);
  const match = /^\/?([^/]+)\/(.+)$/s.exec(path);
  const [, bucketName, key] = match ?? [];
  if (bucketName === undefined || key === undefined) throw badSource(value);
  const conditions = readConditions(headers, 'x-amz-copy-source-');
  const expectedBucketOwner = headers.get('x-amz-source-expected-bucket-owner');
  return { bucketName, key, versionId, expectedBucketOwner, conditions };
}

/**
 * First and last byte that `x-amz-copy-source-range` names, null without the header. Throws
 * `InvalidArgument` for every other form: unlike in Range, both have to be there.
 */
export function parseCopySourceRange(
  headers: RequestHeaders,
): { readonly first: number; readonly last: number } | null {
  const value = headers.get('x-amz-copy-source-range');
  if (value === null) return null;
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(value);
  const range = { first: Number(match?.[1]), last: Number(match?.[2]) };
  if (match && range.first <= range.last) return range;
  throw new GatewayError('InvalidArgument', {
    message:
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    ArgumentName: 'x-amz-copy-source-range',
    ArgumentValue: value,
  });
}

/** S3 takes `+` as a space here, which is why clients send %2B. */
function decode(encoded: string, value: string): string {
  // Header octets are UTF-8 where a client did not encode them.
  const text = Buffer.from(encoded.replaceAll('+', ' '), 'latin1').toString('utf8');
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw badSource(value, error);
  }
}

function badSource(value: string, cause?: unknown): GatewayError {
  const facts = {
    message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    ArgumentName: 'x-amz-copy-source',
    ArgumentValue: value,
  };
  return new GatewayError('InvalidArgument', facts, { cause });
}
