/**
 * Whose the objects in a bucket are, and whether ACLs count.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
 */
export const objectOwnerships = [
  'BucketOwnerEnforced',
  'BucketOwnerPreferred',
  'ObjectWriter',
] as const;
export type ObjectOwnership = (typeof objectOwnerships)[number];

/** What holds for a bucket that is made without a word on access. */
export interface NewBucketSettings {
  readonly objectOwnership: ObjectOwnership;
  readonly blocksPublicAccess: boolean;
}
