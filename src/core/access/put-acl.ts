import type { Bucket } from '../../object-index/records.ts';
import { changeObject } from '../change-object.ts';
import { GatewayError } from '../errors.ts';
import { getRecord } from '../get-object.ts';
import type { Caller, CoreServices } from '../services.ts';
import type { Access } from './access.ts';
import { type Acl, bucketAcl, isPublicAcl, storedAcl } from './acl.ts';
import { hasAcls, objectOwnershipOf, publicAccessBlockOf } from './bucket-access-settings.ts';
import { type RequestedAcl, resolveAcl } from './requested-acl.ts';

/** Whose a new object is, and its ACL as it is stored. */
export interface NewObjectAccess {
  readonly ownerId: string;
  readonly acl: string | null;
}

/**
 * What becomes of the ACL that a write asks for, null for none. Throws
 * `AccessControlListNotSupported` where ACLs are off, `AccessDenied` for public ones that are
 * blocked and for callers that may not set ACLs, and what `resolveAcl` throws.
 */
export async function newObjectAccess(
  core: Pick<CoreServices, 'index'>,
  access: Access,
  { bucket, key }: { readonly bucket: Bucket; readonly key: string },
  requested: RequestedAcl | null,
): Promise<NewObjectAccess> {
  const ownership = objectOwnershipOf(bucket);
  if (ownership === 'BucketOwnerEnforced') {
    if (requested) refuseAcl(requested, bucket, access.caller);
    return { ownerId: bucket.ownerId, acl: null };
  }
  const { userId } = access.caller;
  if (!requested) return { ownerId: userId, acl: null };
  const ownerId =
    ownership === 'BucketOwnerPreferred' && isBucketOwnerFullControl(requested)
      ? bucket.ownerId
      : userId;
  const subject = { kind: 'object', ownerId, bucketOwnerId: bucket.ownerId } as const;
  const acl = await resolveAcl(core, requested, subject);
  checkNotBlocked(acl, bucket);
  const object = { ownerId: userId, acl: null, tags: null };
  if (!access.allows('s3:PutObjectAcl', { bucket, key, object })) {
    throw new GatewayError('AccessDenied');
  }
  return { ownerId, acl: storedAcl(acl, ownerId) };
}

/** Throws what `newObjectAccess` throws for an ACL, and `NoSuchBucket`. */
export async function putBucketAcl(
  core: Pick<CoreServices, 'index'>,
  { caller }: Access,
  bucket: Bucket,
  requested: RequestedAcl,
): Promise<void> {
  if (!hasAcls(bucket)) return refuseAcl(requested, bucket, caller);
  const { ownerId } = bucket;
  const subject = { kind: 'bucket', ownerId, bucketOwnerId: ownerId } as const;
  const acl = await resolveAcl(core, requested, subject);
  checkNotBlocked(acl, bucket);
  await bucketAcl.put(core, bucket, storedAcl(acl, ownerId) === null ? null : acl);
}

/**
 * Throws what `newObjectAccess` throws for an ACL, `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed`
 * for a delete marker, `AccessDenied` for callers that may not do it to that very object, and
 * `ConditionalRequestConflict` when it is replaced meanwhile.
 */
export async function putObjectAcl(
  core: CoreServices,
  access: Access,
  action: string,
  target: { readonly bucket: Bucket; readonly key: string; readonly versionId: string | null },
  requested: RequestedAcl,
): Promise<void> {
  const { bucket, key, versionId } = target;
  const object = await getRecord(core, bucket, key, versionId);
  if (!access.allows(action, { bucket, key, object })) throw new GatewayError('AccessDenied');
  if (!hasAcls(bucket)) return refuseAcl(requested, bucket, access.caller);
  const { ownerId } = object;
  const subject = { kind: 'object', ownerId, bucketOwnerId: bucket.ownerId } as const;
  const acl = await resolveAcl(core, requested, subject);
  checkNotBlocked(acl, bucket);
  // Another object under the key by now may be somebody else's.
  const change = { acl: storedAcl(acl, ownerId) };
  await changeObject(core, target, change, { objectId: object.id });
}

/**
 * Where ACLs are off, only one that says what holds anyway is taken. From the bucket's owner,
 * `private` does, which some clients (rclone 1.60) send with every object.
 */
function refuseAcl(requested: RequestedAcl, bucket: Bucket, caller: Caller): void {
  if (isBucketOwnerFullControl(requested)) return;
  const isOwner = caller.isRoot || caller.userId === bucket.ownerId;
  if (isOwner && requested.kind === 'canned' && requested.name === 'private') return;
  if (requested.kind === 'grants') {
    const [grant, ...others] = requested.grants;
    const isOwners = grant?.grantee.kind === 'id' && grant.grantee.id === bucket.ownerId;
    if (isOwners && grant.permission === 'FULL_CONTROL' && others.length === 0) return;
  }
  throw new GatewayError('AccessControlListNotSupported');
}

function isBucketOwnerFullControl(requested: RequestedAcl): boolean {
  return requested.kind === 'canned' && requested.name === 'bucket-owner-full-control';
}

function checkNotBlocked(acl: Acl, bucket: Bucket): void {
  if (!isPublicAcl(acl) || !publicAccessBlockOf(bucket).blockPublicAcls) return;
  throw new GatewayError('AccessDenied', {
    message: 'Public ACLs are blocked by the public access block of the bucket.',
  });
}
