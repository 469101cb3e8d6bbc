import type { Bucket } from '../../object-index/records.ts';
import type { CoreServices } from '../services.ts';
import { Access } from './access.ts';
import { anonymousCaller } from './anonymous.ts';
import {
  blockAllPublicAccess,
  publicAccessBlock,
  publicAccessBlockOf,
} from './bucket-access-settings.ts';
import { bucketPolicy, parseBucketPolicy } from './policy/stored-policies.ts';

/** Names the statement of a bucket's policy that is put in and taken out here. */
const statementId = 'FastdfsS3PublicRead';

/**
 * Lets everybody read every object of a bucket, by a statement of its policy, which the bucket's
 * public access block must not be in the way of. Throws `MalformedPolicy` when the policy gets too
 * long by it.
 */
export async function openToPublic(
  core: Pick<CoreServices, 'index'>,
  bucket: Bucket,
): Promise<void> {
  const statement = {
    Sid: statementId,
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${bucket.name}/*`,
  };
  const policy = withStatements(bucket, [...otherStatements(bucket), statement]);
  await publicAccessBlock.put(core, bucket, {
    ...publicAccessBlockOf(bucket),
    blockPublicPolicy: false,
    restrictPublicBuckets: false,
  });
  await bucketPolicy.put(core, bucket, policy);
}

/**
 * Takes that back, and blocks whatever else would let strangers in: other public statements of the
 * policy, and public ACLs.
 */
export async function closeToPublic(
  core: Pick<CoreServices, 'index'>,
  bucket: Bucket,
): Promise<void> {
  // Before the policy: nothing is open any more from here on.
  await publicAccessBlock.put(core, bucket, blockAllPublicAccess);
  const statements = otherStatements(bucket);
  const policy = statements.length === 0 ? null : withStatements(bucket, statements);
  await bucketPolicy.put(core, bucket, policy);
}

/** Whether strangers may read what is in a bucket, whatever its key. */
export function isOpenToPublic(bucket: Bucket, nowMs: number): boolean {
  const facts = {
    ...{ sourceIp: null, isSecure: false, nowMs },
    ...{ headers: { get: () => null }, query: { get: () => null } },
  };
  // What the bucket's owner has in it; objects of others say themselves who may read them.
  const object = { ownerId: bucket.ownerId, acl: null, tags: null };
  const target = { bucket, key: 'key', object };
  return new Access(anonymousCaller, facts).allows('s3:GetObject', target);
}

function withStatements(bucket: Bucket, statements: readonly unknown[]) {
  const document = { ...documentOf(bucket), Statement: statements };
  return parseBucketPolicy(JSON.stringify(document), bucket.name);
}

/** Those that somebody else wrote. */
function otherStatements(bucket: Bucket): readonly unknown[] {
  const { Statement = [] } = documentOf(bucket);
  const statements: readonly unknown[] = Array.isArray(Statement) ? Statement : [Statement];
  return statements.filter((each) => (each as { Sid?: unknown }).Sid !== statementId);
}

function documentOf(bucket: Bucket): Readonly<Record<string, unknown>> {
  const policy = bucketPolicy.of(bucket);
  // A policy without a version keeps that: it is one of 2008, which reads some texts otherwise.
  return policy ? JSON.parse(policy.text) : { Version: '2012-10-17' };
}
