import type { Bucket } from '../../object-index/records.ts';
import { BucketSetting } from '../bucket-settings.ts';
import type { ObjectOwnership } from './object-ownership.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html */
export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

export const blockAllPublicAccess: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
};

const blockNothing: PublicAccessBlock = {
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
};

const sameText = { parse: (text: string) => text as ObjectOwnership, render: String };

/** Null where it was removed or never set: then the writer of an object owns it. */
export const ownershipControls = new BucketSetting<ObjectOwnership>('ownershipControls', sameText);
export const publicAccessBlock = new BucketSetting<PublicAccessBlock>('publicAccessBlock');

/** What holds for a bucket, set or not. */
export function objectOwnershipOf(bucket: Pick<Bucket, 'settings'>): ObjectOwnership {
  return ownershipControls.of(bucket) ?? 'ObjectWriter';
}

export function publicAccessBlockOf(bucket: Pick<Bucket, 'settings'>): PublicAccessBlock {
  return publicAccessBlock.of(bucket) ?? blockNothing;
}

/** Whether ACLs count in a bucket. */
export function hasAcls(bucket: Pick<Bucket, 'settings'>): boolean {
  return objectOwnershipOf(bucket) !== 'BucketOwnerEnforced';
}

/** Whose an object is now: with ACLs off the bucket's owner has all, whoever wrote them. */
export function ownerOf(
  bucket: Pick<Bucket, 'settings' | 'ownerId'>,
  { ownerId }: { readonly ownerId: string },
): string {
  return hasAcls(bucket) ? ownerId : bucket.ownerId;
}
