import type { ObjectRecord } from '../../object-index/records.ts';
import type { ChangeObjectRequest } from '../../object-index/write-requests.ts';
import type { Access } from '../access/access.ts';
import { lockedObject } from '../change-object.ts';
import { checkedDescription } from '../descriptions.ts';
import type { CoreServices } from '../services.ts';
import { changeAttemptsMax, getEntry, keepsChanging, type ObjectName } from './entries.ts';

export type EntryChange = Pick<
  ChangeObjectRequest['change'],
  'headers' | 'userMetadata' | 'expiresAtMs' | 'kodo'
>;

/**
 * Changes the current version of an object as `change` says, which gets it as it is and is asked
 * again when others changed it meanwhile. Throws what `getEntry` and `change` throw, `AccessDenied`
 * where object lock keeps its description or its bytes readable, and what is wrong with the new one.
 */
export async function changeEntry(
  core: CoreServices,
  access: Access,
  actions: readonly string[],
  name: ObjectName,
  change: (object: ObjectRecord) => EntryChange | Promise<EntryChange>,
): Promise<void> {
  for (let attempt = 1; attempt <= changeAttemptsMax; attempt += 1) {
    const { bucket, object } = await getEntry(core, access, actions, name);
    const wanted = await change(object);
    const described = wanted.headers !== undefined || wanted.userMetadata !== undefined;
    // One that nobody can read any more is as good as deleted.
    const isHidden = wanted.kodo?.isDisabled === true;
    if ((described || isHidden) && isLocked(object, core.now())) throw lockedObject();
    const { id: objectId, key, etag, headers, userMetadata, kodo, expiresAtMs } = object;
    const changed = await core.index.changeObject({
      ...{ bucketId: bucket.id, key, versionId: null, objectId },
      expected: { etag, headers, userMetadata, kodo, expiresAtMs },
      change: {
        ...wanted,
        ...(described && checkedDescription({ headers, userMetadata, ...wanted })),
      },
    });
    if (changed.outcome === 'changed') return;
  }
  throw keepsChanging();
}

function isLocked({ retention, hasLegalHold }: ObjectRecord, nowMs: number): boolean {
  return hasLegalHold === true || (retention !== null && retention.untilMs > nowMs);
}
