import { GatewayError } from '../errors.ts';
import type { CoreServices } from '../services.ts';
import { type Acl, type AclGroup, type AclPermission, type Grant, grantsMax } from './acl.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl */
export const cannedAcls = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
  'log-delivery-write',
] as const;
type CannedAcl = (typeof cannedAcls)[number];

/** Whom a request names. */
export type RequestedGrantee =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'group'; readonly group: AclGroup }
  | { readonly kind: 'email'; readonly address: string };

export interface RequestedGrant {
  readonly grantee: RequestedGrantee;
  readonly permission: AclPermission;
}

/** The ACL that a request gives, by name or grant by grant. */
export type RequestedAcl =
  | { readonly kind: 'canned'; readonly name: CannedAcl }
  | {
      readonly kind: 'grants';
      readonly grants: readonly RequestedGrant[];
      /** Whom a document names as the owner; null where a request has no place for it. */
      readonly ownerId: string | null;
    };

/** What an ACL is to be of. */
export interface AclSubject {
  readonly kind: 'bucket' | 'object';
  readonly ownerId: string;
  readonly bucketOwnerId: string;
}

/**
 * The grants that a request means. Throws `InvalidArgument` for users that do not exist and canned
 * ACLs that do not suit, `UnresolvableGrantByEmailAddress`, `MalformedACLError` above 100 grants,
 * and `AccessDenied` when it would change the owner.
 */
export async function resolveAcl(
  core: Pick<CoreServices, 'index'>,
  requested: RequestedAcl,
  subject: AclSubject,
): Promise<Acl> {
  if (requested.kind === 'canned') return expandCanned(requested.name, subject);
  if (requested.ownerId !== null && requested.ownerId !== subject.ownerId) {
    throw new GatewayError('AccessDenied', { message: 'The owner cannot be changed.' });
  }
  if (requested.grants.length > grantsMax) {
    throw new GatewayError('MalformedACLError', {
      message: `An access control list has ${grantsMax} grants at most.`,
    });
  }
  const groups: Grant[] = [];
  const users: Grant[] = [];
  for (const { grantee, permission } of requested.grants) {
    if (grantee.kind === 'group') groups.push({ grantee: grantee.group, permission });
    else users.push({ grantee: await getGrantee(core, grantee, subject), permission });
  }
  return distinct([...groups, ...users]);
}

function expandCanned(name: CannedAcl, { kind, ownerId, bucketOwnerId }: AclSubject): Acl {
  const owner: Grant = { grantee: ownerId, permission: 'FULL_CONTROL' };
  const toBucketOwner = (permission: AclPermission): Acl =>
    ownerId === bucketOwnerId ? [owner] : [owner, { grantee: bucketOwnerId, permission }];
  switch (name) {
    case 'private':
    // It lets Amazon's compute service read machine images; there is none here.
    case 'aws-exec-read':
      return [owner];
    case 'public-read':
      return [{ grantee: 'AllUsers', permission: 'READ' }, owner];
    case 'public-read-write':
      return [
        { grantee: 'AllUsers', permission: 'READ' },
        { grantee: 'AllUsers', permission: 'WRITE' },
        owner,
      ];
    case 'authenticated-read':
      return [{ grantee: 'AuthenticatedUsers', permission: 'READ' }, owner];
    case 'bucket-owner-read':
      return toBucketOwner('READ');
    case 'bucket-owner-full-control':
      return toBucketOwner('FULL_CONTROL');
    case 'log-delivery-write':
      if (kind === 'object') throw invalidCannedAcl(name);
      return [
        { grantee: 'LogDelivery', permission: 'WRITE' },
        { grantee: 'LogDelivery', permission: 'READ_ACP' },
        owner,
      ];
  }
}

export function invalidCannedAcl(value: string): GatewayError {
  return new GatewayError('InvalidArgument', { ArgumentName: 'x-amz-acl', ArgumentValue: value });
}

/** The canonical id of a user. Users have no e-mail address here but what their name may be. */
async function getGrantee(
  { index }: Pick<CoreServices, 'index'>,
  grantee: Exclude<RequestedGrantee, { kind: 'group' }>,
  { ownerId, bucketOwnerId }: AclSubject,
): Promise<string> {
  if (grantee.kind === 'email') {
    const user = await index.findUserByName(grantee.address);
    if (user) return user.id;
    throw new GatewayError('UnresolvableGrantByEmailAddress', { EmailAddress: grantee.address });
  }
  const { id } = grantee;
  if (id === ownerId || id === bucketOwnerId || (await index.findUser(id))) return id;
  throw new GatewayError('InvalidArgument', {
    message: 'Invalid id',
    ArgumentName: 'CanonicalUser/ID',
    ArgumentValue: id,
  });
}

function distinct(acl: Acl): Acl {
  const grants = new Map(acl.map((grant) => [`${grant.permission} ${grant.grantee}`, grant]));
  return [...grants.values()];
}
