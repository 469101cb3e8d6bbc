import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetBucketAccelerateConfigurationCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketReplicationCommand,
  GetBucketRequestPaymentCommand,
  GetBucketTaggingCommand,
  GetBucketWebsiteCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListBucketAnalyticsConfigurationsCommand,
  ListBucketIntelligentTieringConfigurationsCommand,
  ListBucketInventoryConfigurationsCommand,
  ListBucketMetricsConfigurationsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketRequestPaymentCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { newBucketName, s3ClientOf } from '../support/s3-client.ts';

let gateway: GatewayProcess;
let s3: S3Client;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  s3 = s3ClientOf(gateway);
});

afterAll(() => gateway.dispose());

async function newBucket(purpose: string, ObjectLockEnabledForBucket = false): Promise<string> {
  const Bucket = newBucketName(purpose);
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket }));
  return Bucket;
}

/** What was answered, without what every answer has; the error's name when it was one. */
async function answered(answer: Promise<object>): Promise<unknown> {
  try {
    const { $metadata, ...content } = (await answer) as { $metadata?: unknown };
    return content;
  } catch (error) {
    return error instanceof Error ? error.name : error;
  }
}

describe('what provisioning tools read of a fresh bucket', () => {
  it('is answered as AWS answers it', async () => {
    const Bucket = await newBucket('read');
    const of = { Bucket };
    const answers = {
      accelerate: s3.send(new GetBucketAccelerateConfigurationCommand(of)),
      analytics: s3.send(new ListBucketAnalyticsConfigurationsCommand(of)),
      encryption: s3.send(new GetBucketEncryptionCommand(of)),
      inventory: s3.send(new ListBucketInventoryConfigurationsCommand(of)),
      lifecycle: s3.send(new GetBucketLifecycleConfigurationCommand(of)),
      location: s3.send(new GetBucketLocationCommand(of)),
      logging: s3.send(new GetBucketLoggingCommand(of)),
      metrics: s3.send(new ListBucketMetricsConfigurationsCommand(of)),
      notification: s3.send(new GetBucketNotificationConfigurationCommand(of)),
      objectLock: s3.send(new GetObjectLockConfigurationCommand(of)),
      replication: s3.send(new GetBucketReplicationCommand(of)),
      requestPayment: s3.send(new GetBucketRequestPaymentCommand(of)),
      tagging: s3.send(new GetBucketTaggingCommand(of)),
      tiering: s3.send(new ListBucketIntelligentTieringConfigurationsCommand(of)),
      website: s3.send(new GetBucketWebsiteCommand(of)),
    };
    const found: Record<string, unknown> = {};
    for (const [name, answer] of Object.entries(answers)) found[name] = await answered(answer);
    const noConfigurations = { IsTruncated: false };
    expect(found).toEqual({
      accelerate: {},
      analytics: noConfigurations,
      encryption: 'ServerSideEncryptionConfigurationNotFoundError',
      inventory: noConfigurations,
      lifecycle: 'NoSuchLifecycleConfiguration',
      location: {},
      logging: {},
      metrics: noConfigurations,
      notification: {},
      objectLock: 'ObjectLockConfigurationNotFoundError',
      replication: 'ReplicationConfigurationNotFoundError',
      requestPayment: { Payer: 'BucketOwner' },
      tagging: 'NoSuchTagSet',
      tiering: noConfigurations,
      website: 'NoSuchWebsiteConfiguration',
    });
  });

  it('cannot be set where nothing would come of it', async () => {
    const Bucket = await newBucket('refused');
    const sse = { SSEAlgorithm: 'AES256' as const };
    expect(
      await answered(
        s3.send(
          new PutBucketEncryptionCommand({
            Bucket,
            ServerSideEncryptionConfiguration: {
              Rules: [{ ApplyServerSideEncryptionByDefault: sse }],
            },
          }),
        ),
      ),
    ).toBe('NotImplemented');
    const rule = { ID: 'a', Status: 'Enabled' as const, Filter: {}, Expiration: { Days: 1 } };
    expect(
      await answered(
        s3.send(
          new PutBucketLifecycleConfigurationCommand({
            Bucket,
            LifecycleConfiguration: { Rules: [rule] },
          }),
        ),
      ),
    ).toBe('NotImplemented');
  });
});

describe('what is set on a bucket', () => {
  it('is read back, and removed', async () => {
    const Bucket = await newBucket('set');
    const TagSet = [{ Key: 'größe', Value: 'a + b' }];
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
    expect(await answered(s3.send(new GetBucketTaggingCommand({ Bucket })))).toEqual({ TagSet });
    await s3.send(new DeleteBucketTaggingCommand({ Bucket }));
    expect(await answered(s3.send(new GetBucketTaggingCommand({ Bucket })))).toBe('NoSuchTagSet');
    const RequestPaymentConfiguration = { Payer: 'Requester' as const };
    await s3.send(new PutBucketRequestPaymentCommand({ Bucket, RequestPaymentConfiguration }));
    expect(await answered(s3.send(new GetBucketRequestPaymentCommand({ Bucket })))).toEqual(
      RequestPaymentConfiguration,
    );
  });
});

describe('tags of objects', () => {
  it('are written, counted, copied, replaced and deleted', async () => {
    const Bucket = await newBucket('tags');
    const tagsOf = async (Key: string) =>
      (await s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'a',
        Body: 'a',
        Tagging: 'b=2&a=%C3%A9',
      }),
    );
    const written = [
      { Key: 'a', Value: 'é' },
      { Key: 'b', Value: '2' },
    ];
    expect(await tagsOf('a')).toEqual(written);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).TagCount).toBe(2);
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }));
    expect([await got.Body?.transformToString(), got.TagCount]).toEqual(['a', 2]);
    const CopySource = `${Bucket}/a`;
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
    expect(await tagsOf('copy')).toEqual(written);
    const replaced = { TaggingDirective: 'REPLACE', Tagging: 'c=3' } as const;
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'other', CopySource, ...replaced }));
    const TagSet = [{ Key: 'c', Value: '3' }];
    expect(await tagsOf('other')).toEqual(TagSet);
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'a', Tagging: { TagSet } }));
    expect(await tagsOf('a')).toEqual(TagSet);
    await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'a' }));
    expect(await tagsOf('a')).toEqual([]);
  });
});

describe('object lock', () => {
  const RetainUntilDate = new Date(Date.UTC(2100, 0, 1));

  it('keeps versions by default, retention and legal hold', async () => {
    const Bucket = await newBucket('lock', true);
    const ObjectLockConfiguration = {
      ObjectLockEnabled: 'Enabled' as const,
      Rule: { DefaultRetention: { Mode: 'GOVERNANCE' as const, Days: 1 } },
    };
    await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    expect(await answered(s3.send(new GetObjectLockConfigurationCommand({ Bucket })))).toEqual({
      ObjectLockConfiguration,
    });
    const Key = 'kept';
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const version = { Bucket, Key, VersionId };
    const head = await s3.send(new HeadObjectCommand(version));
    expect(head.ObjectLockMode).toBe('GOVERNANCE');
    expect(await answered(s3.send(new DeleteObjectCommand(version)))).toBe('AccessDenied');

    const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate };
    await s3.send(new PutObjectRetentionCommand({ ...version, Retention }));
    expect(await answered(s3.send(new GetObjectRetentionCommand(version)))).toEqual({ Retention });
    const LegalHold = { Status: 'ON' as const };
    await s3.send(new PutObjectLegalHoldCommand({ ...version, LegalHold }));
    expect(await answered(s3.send(new GetObjectLegalHoldCommand(version)))).toEqual({ LegalHold });
    const bypass = { ...version, BypassGovernanceRetention: true };
    expect(await answered(s3.send(new DeleteObjectCommand(bypass)))).toBe('AccessDenied');
    await s3.send(new PutObjectLegalHoldCommand({ ...version, LegalHold: { Status: 'OFF' } }));
    expect(await answered(s3.send(new DeleteObjectCommand(bypass)))).toEqual({ VersionId });
    expect(await answered(s3.send(new HeadObjectCommand(version)))).toBe('NotFound');
  });

  it('never lets a version be both locked and deleted', async () => {
    const Bucket = await newBucket('race', true);
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, async (_, number) => {
        const Key = `k${number}`;
        const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
        const version = { Bucket, Key, VersionId };
        const LegalHold = { Status: 'ON' as const };
        const [held, deleted] = await Promise.all([
          answered(s3.send(new PutObjectLegalHoldCommand({ ...version, LegalHold }))),
          answered(s3.send(new DeleteObjectCommand(version))),
        ]);
        const there = await answered(s3.send(new HeadObjectCommand(version)));
        const isThere = there !== 'NotFound';
        if (isThere) expect(deleted).toBe('AccessDenied');
        else expect(held).toBe('NoSuchVersion');
        return isThere;
      }),
    );
    expect(outcomes).toHaveLength(40);
  });
});
