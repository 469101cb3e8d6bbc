import type { ObjectRecord } from '../object-index/records.ts';
import { type ErrorFacts, GatewayError, type GatewayErrorCode } from './errors.ts';
import { nullVersionId } from './version-id.ts';

/**
 * What was found under a key, or a version of it, if it can be read. Throws `NoSuchKey`,
 * `NoSuchVersion`, or `MethodNotAllowed` for a delete marker that is asked for by its version.
 */
export function foundObject(
  object: ObjectRecord | null,
  key: string,
  versionId: string | null,
): ObjectRecord {
  if (object && !object.isDeleteMarker) return object;
  if (object && versionId !== null)
    throw isMarker('MethodNotAllowed', object, { ResourceType: 'DeleteMarker' });
  if (object) throw isMarker('NoSuchKey', object, { Key: key });
  if (versionId === null) throw new GatewayError('NoSuchKey', { Key: key });
  throw new GatewayError('NoSuchVersion', { Key: key, VersionId: versionId });
}

function isMarker(
  code: GatewayErrorCode,
  { versionId, lastModifiedMs }: ObjectRecord,
  facts: ErrorFacts,
): GatewayError {
  const deleteMarker = { versionId: versionId ?? nullVersionId, lastModifiedMs };
  return new GatewayError(code, facts, { deleteMarker });
}
