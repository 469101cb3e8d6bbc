import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import type { Caller } from '../services.ts';
import {
  type Acl,
  type AclPermission,
  aclOfBucket,
  aclOfObject,
  type Grant,
  isPublicGrant,
} from './acl.ts';
import { anonymousCaller } from './anonymous.ts';
import { hasAcls, publicAccessBlockOf } from './bucket-access-settings.ts';

/** `depends-on-object`: only with the object, or the upload, in the target can it be told. */
export type OwnershipVerdict = 'allowed' | 'denied' | 'depends-on-object';

/** What ownership and ACLs look at. */
export interface OwnedTarget {
  readonly bucket: Bucket | null;
  /** Undefined where it was not looked up, null where none is. */
  readonly object?: Pick<ObjectRecord, 'ownerId' | 'acl'> | null;
  /** Of the upload that is asked for; undefined where it was not looked up, null where none is. */
  readonly uploadInitiatorId?: string | null;
}

/**
 * Which permission of which ACL lets do what.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
 */
const bucketPermissions: Readonly<Record<string, AclPermission>> = {
  's3:ListBucket': 'READ',
  's3:ListBucketVersions': 'READ',
  's3:ListBucketMultipartUploads': 'READ',
  's3:PutObject': 'WRITE',
  's3:DeleteObject': 'WRITE',
  's3:GetBucketAcl': 'READ_ACP',
  's3:PutBucketAcl': 'WRITE_ACP',
};
const objectPermissions: Readonly<Record<string, AclPermission>> = {
  's3:GetObject': 'READ',
  's3:GetObjectVersion': 'READ',
  's3:GetObjectAcl': 'READ_ACP',
  's3:GetObjectVersionAcl': 'READ_ACP',
  's3:PutObjectAcl': 'WRITE_ACP',
  's3:PutObjectVersionAcl': 'WRITE_ACP',
};
/** Objects of others that are in a bucket do not open to its owner; deleting them does. */
const ownersOnly: ReadonlySet<string> = new Set([
  ...Object.keys(objectPermissions),
  's3:GetObjectAttributes',
  's3:GetObjectVersionAttributes',
]);
/** Whoever began an upload may also look at it and end it. */
export const initiatorsOwn: ReadonlySet<string> = new Set([
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
]);

/**
 * What ownership and ACLs say, leaving policies aside: an allowance here is one for the whole
 * account of the caller, which its own policies may bound, and every policy's Deny takes away.
 */
export function decideByOwnership(
  action: string,
  target: OwnedTarget,
  caller: Caller,
): OwnershipVerdict {
  const { bucket, object } = target;
  if (bucket === null) return caller.isAnonymous ? 'denied' : 'allowed';
  const isBucketOwner = bucket.ownerId === caller.userId;
  if (isBucketOwner && !(ownersOnly.has(action) && hasAcls(bucket))) return 'allowed';
  if (!isBucketOwner && initiatorsOwn.has(action)) return decideForInitiator(target, caller);
  if (!hasAcls(bucket)) return 'denied';
  if (ownersOnly.has(action)) {
    if (object === undefined) return 'depends-on-object';
    return object === null ? 'denied' : decideForObject(action, bucket, object, caller);
  }
  const permission = bucketPermissions[action];
  if (!permission || !isGranted(permission, aclOfBucket(bucket), bucket, caller)) return 'denied';
  // Others may write over what is there, but only take away what is their own.
  if (action !== 's3:DeleteObject' || object === null) return 'allowed';
  if (object === undefined) return 'depends-on-object';
  return object.ownerId === caller.userId ? 'allowed' : 'denied';
}

/**
 * Whether the owner of a bucket can let others do it by the bucket's policy: what opens objects of
 * other owners is theirs to allow.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html
 */
export function decideByPolicy(action: string, { bucket, object }: OwnedTarget): OwnershipVerdict {
  if (bucket === null || !ownersOnly.has(action) || !hasAcls(bucket)) return 'allowed';
  if (object === undefined) return 'depends-on-object';
  return object === null || object.ownerId === bucket.ownerId ? 'allowed' : 'denied';
}

function decideForInitiator(
  { uploadInitiatorId }: OwnedTarget,
  { userId }: Caller,
): OwnershipVerdict {
  if (uploadInitiatorId === undefined) return 'depends-on-object';
  return uploadInitiatorId === userId ? 'allowed' : 'denied';
}

function decideForObject(
  action: string,
  bucket: Bucket,
  object: Pick<ObjectRecord, 'ownerId' | 'acl'>,
  caller: Caller,
): OwnershipVerdict {
  const { ignorePublicAcls } = publicAccessBlockOf(bucket);
  // What nobody known wrote is everybody's, that is, public.
  if (object.ownerId === caller.userId && !(caller.isAnonymous && ignorePublicAcls)) {
    return 'allowed';
  }
  const permission = objectPermissions[action];
  if (!permission) return 'denied';
  return isGranted(permission, aclOfObject(object), bucket, caller) ? 'allowed' : 'denied';
}

function isGranted(wanted: AclPermission, acl: Acl, bucket: Bucket, caller: Caller): boolean {
  const { ignorePublicAcls } = publicAccessBlockOf(bucket);
  return acl.some(
    (grant) =>
      (grant.permission === wanted || grant.permission === 'FULL_CONTROL') &&
      isMember(caller, grant) &&
      !(ignorePublicAcls && isOpenToAnyone(grant)),
  );
}

/** Log delivery is nobody who sends requests. */
function isMember(caller: Caller, { grantee }: Grant): boolean {
  if (grantee === 'AllUsers') return true;
  if (grantee === 'AuthenticatedUsers') return !caller.isAnonymous;
  return grantee === caller.userId;
}

function isOpenToAnyone(grant: Grant): boolean {
  return isPublicGrant(grant) || grant.grantee === anonymousCaller.userId;
}
