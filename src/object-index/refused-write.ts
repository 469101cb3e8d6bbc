import type { RefusedWrite, WriteCondition } from './requests.ts';
import type { Statements } from './statements.ts';
import { growthOf, refusedGrowth } from './usage.ts';
import { failedCondition } from './write-condition.ts';

interface IntendedWrite {
  readonly bucketId: number;
  /** Of the object that is to be written. */
  readonly size: number;
  readonly condition: WriteCondition | undefined;
  /** The newest version of the key, if there is any. */
  readonly current: ExistingVersion | undefined;
  /** What goes for it; undefined where nothing does. */
  readonly replaced: ExistingVersion | undefined;
}

interface ExistingVersion {
  readonly etag: string;
  readonly size: number;
  readonly is_delete_marker?: number;
}

/**
 * Why an object may not be written, null when it may: asked by every write inside its transaction,
 * before it changes anything. A delete marker counts as no object.
 */
export function* refusedWrite(write: IntendedWrite): Statements<RefusedWrite | null> {
  const { bucketId, size, condition, current, replaced } = write;
  const refused = yield* refusedGrowth(bucketId, growthOf(size, replaced));
  if (refused?.outcome === 'no-such-bucket') return refused;
  const currentEtag = current && current.is_delete_marker !== 1 ? current.etag : null;
  const failed = failedCondition(condition, currentEtag);
  return failed ? { outcome: failed } : refused;
}
