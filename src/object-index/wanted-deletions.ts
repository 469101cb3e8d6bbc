import type { DeleteCondition, DeletionResult } from './deletion-requests.ts';
import { allowsDeletion } from './write-condition.ts';

/** One key or version that is to go, however often it was named. */
export interface WantedDeletion {
  readonly key: string;
  readonly versionId: string | null;
  readonly conditions: DeleteCondition[];
  readonly bypassesGovernance: boolean;
}

export const deleted: DeletionResult = { outcome: 'deleted', deleteMarkerVersionId: null };
const preconditionFailed: DeletionResult = { ...deleted, outcome: 'precondition-failed' };
const noSuchKey: DeletionResult = { ...deleted, outcome: 'no-such-key' };
export const locked: DeletionResult = { ...deleted, outcome: 'locked' };
export const unfinished: DeletionResult = { ...deleted, outcome: 'unfinished' };

/**
 * Why a key must not be deleted, null when it may. AWS takes If-Match, and only that, for the
 * demand that there is an object: without one it answers that there is none, and for a delete
 * marker that the condition does not hold.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
 */
export function failedDeletion(
  conditions: readonly DeleteCondition[],
  row: (Parameters<typeof allowsDeletion>[1] & { readonly is_delete_marker: number }) | undefined,
): DeletionResult | null {
  const matchesEtag = conditions.some(({ ifMatch }) => ifMatch !== undefined);
  if (!row) return matchesEtag ? noSuchKey : null;
  if (row.is_delete_marker === 1 && matchesEtag) return preconditionFailed;
  return conditions.every((one) => allowsDeletion(one, row)) ? null : preconditionFailed;
}
