import { randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { GatewayProcess } from './gateway-process.ts';

/** The SDK as it comes, but for the address, so that its own defaults are what is tested. */
export function s3ClientOf(gateway: GatewayProcess, config: S3ClientConfig = {}): S3Client {
  const { accessKeyId, secretAccessKey, endpoint } = gateway;
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    ...config,
  });
}

/** Unique, so that runs do not meet. */
export function newBucketName(purpose: string): string {
  return `t-${purpose}-${randomBytes(6).toString('hex')}`;
}

/** Deletes all buckets with everything in them, so that no file is left on a shared cluster. */
export async function deleteAllBuckets(s3: S3Client): Promise<void> {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  for (const { Name } of Buckets) if (Name) await deleteBucket(s3, Name);
}

async function deleteBucket(s3: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket, EncodingType: 'url' }),
    );
    const versions = [...Versions, ...DeleteMarkers];
    if (versions.length === 0) break;
    // One by one: the XML of DeleteObjects has no way to write some control characters.
    for (const { Key: encoded = '', VersionId } of versions) {
      const Key = decodeURIComponent(encoded.replaceAll('+', ' '));
      await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
  }
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads) {
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  }
  await s3.send(new DeleteBucketCommand({ Bucket }));
}
