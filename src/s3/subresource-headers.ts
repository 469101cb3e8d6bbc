import type { Access } from '../core/access/access.ts';
import type { Bucket, ObjectRecord } from '../object-index/records.ts';

/**
 * What GET and HEAD tell of an object's tags and lock, of each only to callers who may read it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function subresourceHeaders(
  object: ObjectRecord,
  access: Access,
  bucket: Bucket,
): Record<string, string | number> {
  const headers: Record<string, string | number> = {};
  const may = (action: string) => access.allows(action, { bucket, key: object.key, object });
  const { tags } = object;
  if (tags !== null && may('s3:GetObjectTagging')) {
    headers['x-amz-tagging-count'] = Object.keys(tags).length;
  }
  const { retention, hasLegalHold } = object;
  if (retention !== null && may('s3:GetObjectRetention')) {
    headers['x-amz-object-lock-mode'] = retention.mode;
    headers['x-amz-object-lock-retain-until-date'] = new Date(retention.untilMs).toISOString();
  }
  if (hasLegalHold !== null && may('s3:GetObjectLegalHold')) {
    headers['x-amz-object-lock-legal-hold'] = hasLegalHold ? 'ON' : 'OFF';
  }
  return headers;
}
