import { describe, expect, it } from 'vitest';
import {
  type Acl,
  type AclPermission,
  bucketAcl,
  storedAcl,
} from '../../../../src/core/access/acl.ts';
import { decideByOwnership } from '../../../../src/core/access/acl-decision.ts';
import { anonymousCaller } from '../../../../src/core/access/anonymous.ts';
import {
  blockAllPublicAccess,
  type PublicAccessBlock,
} from '../../../../src/core/access/bucket-access-settings.ts';
import type { ObjectOwnership } from '../../../../src/core/access/object-ownership.ts';
import type { Caller } from '../../../../src/core/services.ts';
import type { Bucket } from '../../../../src/object-index/records.ts';

const caller = (userId: string): Caller => ({ ...anonymousCaller, userId, isAnonymous: false });
const callers = { owner: caller('owner'), bob: caller('bob'), anyone: anonymousCaller };
type Who = keyof typeof callers;

function bucketWith({
  acl = [],
  ownership = 'ObjectWriter',
  block,
}: {
  acl?: Acl;
  ownership?: ObjectOwnership;
  block?: Partial<PublicAccessBlock>;
} = {}): Bucket {
  return {
    id: 1,
    name: 'photos',
    ownerId: 'owner',
    locationConstraint: null,
    createdAtMs: 0,
    versioning: null,
    hasObjectLock: false,
    quota: { sizeBytes: null, objectCount: null },
    settings: {
      ...bucketAcl.asSetting(acl),
      ownershipControls: ownership,
      ...(block && { publicAccessBlock: JSON.stringify(block) }),
    },
  };
}

const grant = (grantee: string, permission: AclPermission): Acl => [{ grantee, permission }];
const objectOf = (ownerId: string, acl: Acl | null = null) => ({
  ownerId,
  acl: acl && storedAcl(acl, ownerId),
});

describe('what the ACL of a bucket lets do', () => {
  it.each<[AclPermission, readonly string[]]>([
    ['READ', ['s3:ListBucket', 's3:ListBucketVersions', 's3:ListBucketMultipartUploads']],
    ['WRITE', ['s3:PutObject', 's3:DeleteObject']],
    ['READ_ACP', ['s3:GetBucketAcl']],
    ['WRITE_ACP', ['s3:PutBucketAcl']],
  ])('%s is for %j and for nothing else', (permission, allowed) => {
    const actions = [
      ...['s3:ListBucket', 's3:ListBucketVersions', 's3:ListBucketMultipartUploads'],
      ...['s3:PutObject', 's3:DeleteObject', 's3:DeleteObjectVersion', 's3:GetBucketAcl'],
      ...['s3:PutBucketAcl', 's3:PutBucketPolicy', 's3:DeleteBucket', 's3:GetBucketLocation'],
    ];
    const bucket = bucketWith({ acl: grant('bob', permission) });
    const target = { bucket, object: null };
    const decided = actions.filter(
      (action) => decideByOwnership(action, target, callers.bob) === 'allowed',
    );
    expect(decided).toEqual(allowed);
    for (const action of actions) {
      expect(decideByOwnership(action, target, callers.anyone)).toBe('denied');
      expect(decideByOwnership(action, target, callers.owner)).toBe('allowed');
    }
  });

  it.each<[string, Who, string]>([
    ['AllUsers', 'anyone', 'allowed'],
    ['AllUsers', 'bob', 'allowed'],
    ['AuthenticatedUsers', 'anyone', 'denied'],
    ['AuthenticatedUsers', 'bob', 'allowed'],
    ['LogDelivery', 'bob', 'denied'],
    ['alice', 'bob', 'denied'],
  ])('a grant to %s: %s is %s', (grantee, who, verdict) => {
    const bucket = bucketWith({ acl: grant(grantee, 'FULL_CONTROL') });
    expect(decideByOwnership('s3:ListBucket', { bucket }, callers[who])).toBe(verdict);
  });

  it('means nothing where ACLs are off or public ones are ignored', () => {
    const acl = grant('AllUsers', 'FULL_CONTROL');
    for (const bucket of [
      bucketWith({ acl, ownership: 'BucketOwnerEnforced' }),
      bucketWith({ acl, block: blockAllPublicAccess }),
    ]) {
      for (const who of [callers.bob, callers.anyone]) {
        for (const action of ['s3:ListBucket', 's3:PutObject', 's3:GetObject']) {
          const target = { bucket, object: objectOf('owner', acl) };
          expect(decideByOwnership(action, target, who)).toBe('denied');
        }
      }
    }
  });

  it('lets writers delete what is their own only', () => {
    const bucket = bucketWith({ acl: grant('bob', 'WRITE') });
    const decide = (object?: ReturnType<typeof objectOf>) =>
      decideByOwnership('s3:DeleteObject', object ? { bucket, object } : { bucket }, callers.bob);
    expect(decide()).toBe('depends-on-object');
    expect(decide(objectOf('bob'))).toBe('allowed');
    expect(decide(objectOf('owner'))).toBe('denied');
  });
});

describe('what the ACL of an object lets do', () => {
  it.each<[AclPermission, readonly string[]]>([
    ['READ', ['s3:GetObject', 's3:GetObjectVersion']],
    ['WRITE', []],
    ['READ_ACP', ['s3:GetObjectAcl', 's3:GetObjectVersionAcl']],
    ['WRITE_ACP', ['s3:PutObjectAcl', 's3:PutObjectVersionAcl']],
  ])('%s is for %j and for nothing else', (permission, allowed) => {
    const actions = [
      ...['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectAcl', 's3:GetObjectVersionAcl'],
      ...['s3:PutObjectAcl', 's3:PutObjectVersionAcl', 's3:PutObject', 's3:DeleteObject'],
      ...['s3:GetObjectAttributes', 's3:GetObjectTagging', 's3:PutObjectRetention'],
    ];
    const target = { bucket: bucketWith(), object: objectOf('owner', grant('bob', permission)) };
    const decided = actions.filter(
      (action) => decideByOwnership(action, target, callers.bob) === 'allowed',
    );
    expect(decided).toEqual(allowed);
  });

  it('is needed by the owner of the bucket for what others own', () => {
    const decide = (ownership: ObjectOwnership, acl: Acl | null = null) =>
      decideByOwnership(
        's3:GetObject',
        { bucket: bucketWith({ ownership }), object: objectOf('bob', acl) },
        callers.owner,
      );
    expect(decide('ObjectWriter')).toBe('denied');
    expect(decide('ObjectWriter', grant('owner', 'READ'))).toBe('allowed');
    expect(decide('BucketOwnerEnforced')).toBe('allowed');
  });

  it('cannot keep the owner of the object out', () => {
    const target = { bucket: bucketWith(), object: objectOf('bob', grant('owner', 'READ')) };
    expect(decideByOwnership('s3:PutObjectAcl', target, callers.bob)).toBe('allowed');
  });

  it('makes what anonymous callers wrote public, unless that is blocked', () => {
    const object = objectOf(anonymousCaller.userId);
    const decide = (block?: Partial<PublicAccessBlock>) =>
      decideByOwnership(
        's3:GetObject',
        { bucket: bucketWith(block ? { block } : {}), object },
        callers.anyone,
      );
    expect(decide()).toBe('allowed');
    expect(decide(blockAllPublicAccess)).toBe('denied');
  });

  it('has to be looked up', () => {
    const bucket = bucketWith();
    expect(decideByOwnership('s3:GetObject', { bucket }, callers.bob)).toBe('depends-on-object');
    expect(decideByOwnership('s3:GetObject', { bucket, object: null }, callers.bob)).toBe('denied');
  });
});

describe('uploads', () => {
  it.each(['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'])(
    '%s is for their initiator and the owner of the bucket',
    (action) => {
      const bucket = bucketWith({ ownership: 'BucketOwnerEnforced' });
      const decide = (who: Who, uploadInitiatorId?: string | null) =>
        decideByOwnership(
          action,
          uploadInitiatorId === undefined ? { bucket } : { bucket, uploadInitiatorId },
          callers[who],
        );
      expect(decide('owner')).toBe('allowed');
      expect(decide('bob')).toBe('depends-on-object');
      expect(decide('bob', 'bob')).toBe('allowed');
      expect(decide('bob', 'alice')).toBe('denied');
      expect(decide('bob', null)).toBe('denied');
      expect(decide('anyone', 'bob')).toBe('denied');
    },
  );
});
