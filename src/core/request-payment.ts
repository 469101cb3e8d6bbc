import type { Bucket } from '../object-index/records.ts';
import type { Access } from './access/access.ts';
import { BucketSetting } from './bucket-settings.ts';
import { GatewayError } from './errors.ts';

/** Who pays for requests of others; the owner where nothing was set. */
export const requestPayment = new BucketSetting<'BucketOwner' | 'Requester'>('requestPayment');

const payerHeader = 'x-amz-request-payer';

/**
 * Whether the caller is the one to pay. Throws `AccessDenied` when it should be and does not say
 * that it will: the owner has asked that nobody spends its money unknowingly.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html
 */
export function isCharged({ caller, facts }: Access, bucket: Bucket): boolean {
  if (requestPayment.of(bucket) !== 'Requester') return false;
  if (caller.isRoot || caller.userId === bucket.ownerId) return false;
  const payer = facts.headers.get(payerHeader) ?? facts.query.get(payerHeader);
  if (caller.isAnonymous || payer?.toLowerCase() !== 'requester') {
    throw new GatewayError('AccessDenied');
  }
  return true;
}
