import type { Bucket } from '../object-index/records.ts';
import type { DateCondition, WriteCondition } from '../object-index/write-requests.ts';
import { type Access, authorize } from './access/access.ts';
import { checkUnversioned, versionedBucket } from './append-object.ts';
import { GatewayError } from './errors.ts';
import { checkKey } from './names.ts';
import { publishedObject } from './put-object.ts';
import type { CoreServices } from './services.ts';

export interface RenameObjectRequest {
  readonly bucket: Bucket;
  readonly access: Access;
  readonly sourceKey: string;
  readonly key: string;
  readonly sourceCondition: WriteCondition & DateCondition;
  /** Of the object that is under the new key. */
  readonly condition: WriteCondition & DateCondition;
  /** Null for none. */
  readonly clientToken: string | null;
}

const clientTokenPattern = /^[\x21-\x7e]{1,64}$/;

/**
 * Gives an object another key in one transaction; what had that key is replaced. Nothing else of it
 * changes, its date neither. A request that is repeated within a day with its token does nothing.
 *
 * Throws `NoSuchKey`, `PreconditionFailed`, `InvalidRequest` for keys that end in `/` and for a
 * rename to the same key, `IdempotencyParameterMismatch`, `InvalidBucketState` where the bucket has
 * versions, and `AccessDenied` unless the caller may read and delete the source.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-buckets-objects-rename.html
 */
export async function renameObject(
  core: CoreServices,
  request: RenameObjectRequest,
): Promise<void> {
  const { bucket, sourceKey, key, sourceCondition, condition, clientToken } = request;
  checkKey(key);
  checkKey(sourceKey);
  checkUnversioned(bucket);
  checkKeys(sourceKey, key);
  if (clientToken !== null && !clientTokenPattern.test(clientToken)) {
    throw new GatewayError('InvalidArgument', {
      message: 'A client token has 1 to 64 visible ASCII characters.',
      ArgumentName: 'x-amz-client-token',
    });
  }
  await authorize(core, request.access, 's3:GetObject', { bucket, key: sourceKey });
  await authorize(core, request.access, 's3:DeleteObject', { bucket, key: sourceKey });
  const parameters = JSON.stringify([sourceKey, key, sourceCondition, condition]);
  const outcome = await core.index.renameObject({
    bucketId: bucket.id,
    sourceKey,
    key,
    sourceCondition,
    condition,
    token: clientToken === null ? null : { text: clientToken, parameters },
  });
  switch (outcome.outcome) {
    case 'renamed':
    case 'repeated':
      return;
    case 'no-such-source':
      throw new GatewayError('NoSuchKey', { Key: sourceKey });
    case 'source-failed':
      throw new GatewayError('PreconditionFailed', { Condition: 'x-amz-rename-source-if-*' });
    case 'token-mismatch':
      throw new GatewayError('IdempotencyParameterMismatch');
    case 'versioned':
      throw versionedBucket(bucket);
    default:
      publishedObject(outcome, bucket, key);
  }
}

function checkKeys(sourceKey: string, key: string): void {
  if (sourceKey.endsWith('/') || key.endsWith('/')) {
    const message = 'Objects whose keys end in the delimiter / cannot be renamed.';
    throw new GatewayError('InvalidRequest', { message });
  }
  if (sourceKey === key) {
    const message = 'This rename request is illegal because it gives an object the key it has.';
    throw new GatewayError('InvalidRequest', { message });
  }
}
