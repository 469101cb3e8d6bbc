import type { Bucket, ObjectPart, ObjectRecord } from '../object-index/records.ts';
import { type Access, authorize } from './access/access.ts';
import { getRecord } from './get-object.ts';
import { listedPartsMax } from './multipart/list-uploads.ts';
import type { CoreServices } from './services.ts';

export interface ObjectAttributesRequest {
  readonly bucket: Bucket;
  readonly key: string;
  /** Null for the current version. */
  readonly versionId: string | null;
  readonly access: Access;
  /** Which parts to list; null for none. */
  readonly parts: { readonly afterPartNumber: number; readonly maxParts: number } | null;
}

export interface ObjectAttributes {
  readonly object: ObjectRecord;
  /** Null when none were asked for, or the object has none. */
  readonly parts: {
    readonly listed: readonly ObjectPart[];
    readonly isTruncated: boolean;
    readonly partCount: number;
  } | null;
}

/**
 * What is known of an object besides its bytes, for whoever may read these. Throws `AccessDenied`
 * and what looking up the object throws.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
 */
export async function getObjectAttributes(
  core: CoreServices,
  request: ObjectAttributesRequest,
): Promise<ObjectAttributes> {
  const { bucket, key, versionId, access } = request;
  // The action of its own has been asked for already: AWS wants both.
  const action = versionId === null ? 's3:GetObject' : 's3:GetObjectVersion';
  await authorize(core, access, action, { bucket, key, versionId });
  const object = await getRecord(core, bucket, key, versionId);
  const { partCount } = object;
  if (request.parts === null || partCount === null) return { object, parts: null };
  const { afterPartNumber } = request.parts;
  const limit = Math.min(request.parts.maxParts, listedPartsMax);
  const page = await core.index.listObjectParts(object.id, afterPartNumber, limit);
  return { object, parts: { listed: page.parts, isTruncated: page.isTruncated, partCount } };
}
