import type { DeleteCondition, DeletionResult } from './requests.ts';
import { allowsDeletion } from './write-condition.ts';

/** One key or version that is to go, however often it was named. */
export interface WantedDeletion {
  readonly key: string;
  readonly versionId: string | null;
  readonly conditions: DeleteCondition[];
  readonly bypassesGovernance: boolean;
}

export const deleted: DeletionResult = { outcome: 'deleted', deleteMarkerVersionId: null };
export const preconditionFailed: DeletionResult = { ...deleted, outcome: 'precondition-failed' };
export const locked: DeletionResult = { ...deleted, outcome: 'locked' };
export const unfinished: DeletionResult = { ...deleted, outcome: 'unfinished' };

/** Whether all conditions hold. They are about an object, and a delete marker is none. */
export function allHold(
  conditions: readonly DeleteCondition[],
  row: Parameters<typeof allowsDeletion>[1] & { readonly is_delete_marker: number },
): boolean {
  return row.is_delete_marker === 1 || conditions.every((one) => allowsDeletion(one, row));
}
