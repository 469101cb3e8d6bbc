import type { Bucket, Part, Upload } from '../object-index/records.ts';
import type { Growth, QuotaExceeded } from '../object-index/write-requests.ts';
import { GatewayError } from './errors.ts';
import type { CoreServices } from './services.ts';

/** For a write that the index refused; tells the quota and what is used of it. */
export function quotaExceeded(refusal: Omit<QuotaExceeded, 'outcome'>): GatewayError {
  const { usedBy, unit, quota, used, growth } = refusal;
  const whose = usedBy === 'bucket' ? 'this bucket' : "this bucket's owner";
  const facts = { QuotaOf: usedBy, Unit: unit, Quota: quota, Used: used, Requested: growth };
  return new GatewayError('QuotaExceeded', {
    message: `The quota of ${whose} is ${quota} ${unit}, of which ${used} are used; this write would add ${growth}.`,
    ...facts,
  });
}

/**
 * Throws `QuotaExceeded` for a write that cannot fit as things are now, before its body is read.
 * The transaction that publishes it decides.
 */
export async function checkQuotas(
  { index }: Pick<CoreServices, 'index'>,
  bucket: Bucket,
  key: string,
  size: number,
): Promise<void> {
  if (bucket.isQuotaBound === false) return;
  const created = { objectCount: 1, sizeBytes: size };
  const refused = await index.findRefusedGrowth(bucket.id, created);
  if (!refused) return;
  const replaced = bucket.versioning === null ? await index.findObject(bucket.id, key) : null;
  if (!replaced) throw quotaExceeded(refused);
  const growth = { objectCount: 0, sizeBytes: size - replaced.size };
  await checkQuotaGrowth({ index }, bucket, growth);
}

/** As `checkQuotas`, where it is known what the write adds. */
export async function checkQuotaGrowth(
  { index }: Pick<CoreServices, 'index'>,
  bucket: Bucket,
  growth: Growth,
): Promise<void> {
  if (bucket.isQuotaBound === false) return;
  const refused = await index.findRefusedGrowth(bucket.id, growth);
  if (refused) throw quotaExceeded(refused);
}

/**
 * Throws `QuotaExceeded` for a part with which its upload, of all the parts that it has, could not
 * be completed as things are now: before its body is read, so that what can become of nothing
 * takes no space. Parts of other uploads do not count, and copied parts take no space anyway.
 */
export async function checkPartQuotas(
  { index }: Pick<CoreServices, 'index'>,
  bucket: Bucket,
  { key, uploadId }: Pick<Upload, 'key' | 'uploadId'>,
  part: Pick<Part, 'partNumber' | 'size'>,
): Promise<void> {
  if (bucket.isQuotaBound === false) return;
  const others = await index.sumParts(uploadId, part.partNumber);
  await checkQuotas({ index }, bucket, key, others + part.size);
}
