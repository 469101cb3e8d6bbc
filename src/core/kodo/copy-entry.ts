import type { Bucket, ObjectSubresources } from '../../object-index/records.ts';
import type { CopyObjectOutcome } from '../../object-index/write-requests.ts';
import { type Access, authorize, getBucket } from '../access/access.ts';
import { newObjectAccess } from '../access/put-acl.ts';
import { GatewayError } from '../errors.ts';
import { withDefaultRetention } from '../object-lock.ts';
import { publishedObject } from '../put-object.ts';
import type { CoreServices } from '../services.ts';
import {
  changeAttemptsMax,
  type FoundEntry,
  getEntry,
  keepsChanging,
  type ObjectName,
} from './entries.ts';

export interface CopyEntryRequest {
  readonly source: ObjectName;
  readonly destination: ObjectName;
  /** Whether what has the destination's key is replaced. */
  readonly isForced: boolean;
}

/**
 * Copies an object with all that Kodo knows of it: hash, type, metadata, state. What deletes it one
 * day does not go along. Throws what `getEntry` throws, `EntityAlreadyExists` when there is something
 * under the destination's key that is not to be replaced, and what a write throws.
 */
export async function copyEntry(
  core: CoreServices,
  access: Access,
  request: CopyEntryRequest,
): Promise<void> {
  await transfer(core, access, request, ['s3:GetObject'], async (found, written) => {
    const { bucket, object } = found;
    return await core.index.copyObject({
      source: { bucketId: bucket.id, key: object.key },
      sourceEtag: object.etag,
      description: null,
      lastModifiedMs: core.now(),
      ...written,
      subresources: { ...written.subresources, kodo: object.kodo },
    });
  });
}

/** As `copyEntry`; the source is gone then, its date and its end stay. In one transaction. */
export async function moveEntry(
  core: CoreServices,
  access: Access,
  request: CopyEntryRequest,
): Promise<void> {
  const actions = ['s3:GetObject', 's3:DeleteObject'];
  await transfer(core, access, request, actions, async ({ bucket, object }, written) => {
    const source = { bucketId: bucket.id, key: object.key };
    return await core.index.moveObject({ source, ...written });
  });
}

/** What copies and moves say alike of the object that they write. */
interface WrittenEntry {
  readonly sourceObjectId: number;
  readonly destination: { readonly bucketId: number; readonly key: string };
  readonly ownerId: string;
  readonly subresources: Partial<ObjectSubresources>;
  readonly condition: { readonly ifNoneMatch?: readonly string[] };
}

async function transfer(
  core: CoreServices,
  access: Access,
  { source, destination, isForced }: CopyEntryRequest,
  actions: readonly string[],
  write: (found: FoundEntry, written: WrittenEntry) => Promise<CopyObjectOutcome>,
): Promise<void> {
  for (let attempt = 1; attempt <= changeAttemptsMax; attempt += 1) {
    const bucket = await getBucket(core, destination.bucketName);
    const { key } = destination;
    const found = await getEntry(core, access, actions, source);
    await authorize(core, access, 's3:PutObject', { bucket, key });
    const { ownerId, acl } = await newObjectAccess(core, access, { bucket, key }, null);
    const tags = copiedTags(access, found, { bucket, key });
    const outcome = await write(found, {
      sourceObjectId: found.object.id,
      destination: { bucketId: bucket.id, key },
      ownerId,
      subresources: withDefaultRetention(bucket, { acl, tags }, core.now()),
      condition: isForced ? {} : { ifNoneMatch: ['*'] },
    });
    if (outcome.outcome === 'source-changed') continue;
    if (outcome.outcome === 'precondition-failed') throw new GatewayError('EntityAlreadyExists');
    publishedObject(outcome, bucket, key);
    return;
  }
  throw keepsChanging();
}

/** Kodo knows no tags: they go along where the caller could have read and written them by S3. */
function copiedTags(
  access: Access,
  { bucket: from, object }: FoundEntry,
  { bucket, key }: { readonly bucket: Bucket; readonly key: string },
) {
  const { tags } = object;
  if (tags === null) return null;
  const mayRead = access.allows('s3:GetObjectTagging', { bucket: from, key: object.key, object });
  const mayWrite = access.allows('s3:PutObjectTagging', { bucket, key, requestTags: tags });
  return mayRead && mayWrite ? tags : null;
}
