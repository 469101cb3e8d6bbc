import { GatewayError } from '../../core/errors.ts';
import { renameObject as rename } from '../../core/rename-object.ts';
import { readConditions } from '../../http/preconditions.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import type { DateCondition, WriteCondition } from '../../object-index/write-requests.ts';
import type { Operation } from '../operation.ts';
import { keyOf } from '../parameters.ts';
import { authorizeEtagMatch } from '../written-condition.ts';

const sourcePrefix = 'x-amz-rename-source-';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_RenameObject.html */
export const renameObject: Operation = {
  name: 'RenameObject',
  permission: 's3:PutObject',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const { headers } = request;
    const condition = renameCondition(headers, '');
    await authorizeEtagMatch(request, { core, bucket }, condition.ifMatch);
    await authorizeEtagMatch(request, { core, bucket }, condition.ifNoneMatch);
    await rename(core, {
      bucket,
      access: request.access,
      sourceKey: sourceKeyOf(headers, bucket.name),
      key: keyOf(request),
      sourceCondition: renameCondition(headers, sourcePrefix),
      condition,
      clientToken: headers.get('x-amz-client-token'),
    });
    return { status: 200 };
  },
};

/** A date that cannot be read throws: to ignore it would rename what the client did not mean. */
function renameCondition(
  headers: RequestHeaders,
  prefix: '' | typeof sourcePrefix,
): WriteCondition & DateCondition {
  const condition = readConditions(headers, prefix);
  for (const [name, isRead] of [
    ['if-modified-since', condition.ifModifiedSinceMs !== undefined],
    ['if-unmodified-since', condition.ifUnmodifiedSinceMs !== undefined],
  ] as const) {
    const value = headers.get(`${prefix}${name}`);
    if (value !== null && !isRead) throw invalid(`${prefix}${name}`, value);
  }
  return condition;
}

/** The key, URL-encoded, by itself or behind `/BUCKET/`. */
function sourceKeyOf(headers: RequestHeaders, bucketName: string): string {
  const value = headers.get('x-amz-rename-source') ?? '';
  const path = `/${bucketName}/`;
  const encoded = value.startsWith(path) ? value.slice(path.length) : value;
  // Header octets are UTF-8 where a client did not encode them.
  const text = Buffer.from(encoded, 'latin1').toString('utf8');
  try {
    const key = decodeURIComponent(text);
    if (key !== '') return key;
  } catch {
    // Told below.
  }
  throw invalid('x-amz-rename-source', value);
}

function invalid(name: string, value: string): GatewayError {
  return new GatewayError('InvalidArgument', {
    message: `The value of ${name} is not valid.`,
    ArgumentName: name,
    ArgumentValue: value,
  });
}
