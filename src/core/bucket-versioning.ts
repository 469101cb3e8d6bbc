import type { Bucket } from '../object-index/records.ts';
import { GatewayError } from './errors.ts';
import type { CoreServices } from './services.ts';

/**
 * Enables or suspends versioning. Throws `NoSuchBucket`, and `InvalidBucketState` where object lock
 * needs versions.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
 */
export async function setBucketVersioning(
  { index }: Pick<CoreServices, 'index'>,
  bucket: Bucket,
  versioning: 'Enabled' | 'Suspended',
): Promise<void> {
  switch (await index.setBucketVersioning(bucket.id, versioning)) {
    case 'stored':
      return;
    case 'no-such-bucket':
      throw new GatewayError('NoSuchBucket', { BucketName: bucket.name });
    case 'has-object-lock':
      throw new GatewayError('InvalidBucketState', {
        message:
          'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
      });
  }
}
