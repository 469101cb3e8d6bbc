import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import { BucketSetting } from '../bucket-settings.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html */
export const aclPermissions = ['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP', 'FULL_CONTROL'] as const;
export type AclPermission = (typeof aclPermissions)[number];

/** Groups that AWS predefines; S3 has no others. */
export const aclGroups = ['AllUsers', 'AuthenticatedUsers', 'LogDelivery'] as const;
export type AclGroup = (typeof aclGroups)[number];

export interface Grant {
  /** A group, or the canonical id of a user, which is never the name of a group. */
  readonly grantee: AclGroup | (string & {});
  readonly permission: AclPermission;
}

/** Whom a bucket or an object lets do what. It says nothing of the owner, who is told elsewhere. */
export type Acl = readonly Grant[];

/** Of AWS, for one ACL. */
export const grantsMax = 100;

/** As it is stored: `[["AllUsers","READ"]]`. */
function parseAcl(text: string): Acl {
  const grants: readonly [string, AclPermission][] = JSON.parse(text);
  return grants.map(([grantee, permission]) => ({ grantee, permission }));
}

export function renderAcl(acl: Acl): string {
  return JSON.stringify(acl.map(({ grantee, permission }) => [grantee, permission]));
}

export const bucketAcl = new BucketSetting<Acl>('acl', { parse: parseAcl, render: renderAcl });

/** What an ACL says as long as nobody has set one: everything to the owner, nothing to others. */
export function privateAcl(ownerId: string): Acl {
  return [{ grantee: ownerId, permission: 'FULL_CONTROL' }];
}

export function aclOfBucket(bucket: Pick<Bucket, 'settings' | 'ownerId'>): Acl {
  return bucketAcl.of(bucket) ?? privateAcl(bucket.ownerId);
}

export function aclOfObject({ acl, ownerId }: Pick<ObjectRecord, 'acl' | 'ownerId'>): Acl {
  return acl === null ? privateAcl(ownerId) : parseAcl(acl);
}

/** Null for an ACL that says no more than that the owner may do everything. */
export function storedAcl(acl: Acl, ownerId: string): string | null {
  const text = renderAcl(acl);
  return text === renderAcl(privateAcl(ownerId)) ? null : text;
}

export function isGroup(grantee: string): grantee is AclGroup {
  return (aclGroups as readonly string[]).includes(grantee);
}

/** Whether a grant is one to the world, as the public access block counts it. */
export function isPublicGrant({ grantee }: Grant): boolean {
  return grantee === 'AllUsers' || grantee === 'AuthenticatedUsers';
}

export function isPublicAcl(acl: Acl): boolean {
  return acl.some(isPublicGrant);
}
