import { GatewayError } from '../errors.ts';
import type { CoreServices } from '../services.ts';
import { type Acl, bucketAcl, isPublicAcl, privateAcl, storedAcl } from './acl.ts';
import {
  blockAllPublicAccess,
  ownershipControls,
  publicAccessBlock,
} from './bucket-access-settings.ts';
import type { ObjectOwnership } from './object-ownership.ts';
import { type RequestedAcl, resolveAcl } from './requested-acl.ts';

/** What CreateBucket may say of access. */
export interface NewBucketAccess {
  readonly acl: RequestedAcl | null;
  /** Null takes the default. */
  readonly objectOwnership: ObjectOwnership | null;
}

/**
 * The settings of a bucket that `ownerId` makes. Throws what `resolveAcl` throws,
 * `InvalidBucketAclWithObjectOwnership` and `InvalidBucketAclWithBlockPublicAccessError`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-s3-block-public-access.html
 */
export async function newBucketAccess(
  core: Pick<CoreServices, 'index' | 'settings'>,
  ownerId: string,
  requested: NewBucketAccess,
): Promise<Readonly<Record<string, string>>> {
  const { objectOwnership: fallback, blocksPublicAccess } = core.settings.newBuckets;
  const ownership = requested.objectOwnership ?? fallback;
  const subject = { kind: 'bucket', ownerId, bucketOwnerId: ownerId } as const;
  const acl: Acl = requested.acl
    ? await resolveAcl(core, requested.acl, subject)
    : privateAcl(ownerId);
  const aclText = storedAcl(acl, ownerId);
  if (ownership === 'BucketOwnerEnforced' && aclText !== null) {
    throw new GatewayError('InvalidBucketAclWithObjectOwnership');
  }
  if (blocksPublicAccess && isPublicAcl(acl)) {
    throw new GatewayError('InvalidBucketAclWithBlockPublicAccessError');
  }
  // A bucket in which the writers own what they write has no controls unless it asked for them.
  const hasControls = requested.objectOwnership !== null || ownership !== 'ObjectWriter';
  return {
    ...(aclText !== null && bucketAcl.asSetting(acl)),
    ...(hasControls && ownershipControls.asSetting(ownership)),
    ...(blocksPublicAccess && publicAccessBlock.asSetting(blockAllPublicAccess)),
  };
}
