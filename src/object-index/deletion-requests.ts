/** What a deletion demands of the object under the key, if there is one. */
export interface DeleteCondition {
  /** ETags without quotes, or `*`: one of them must be the object's. */
  readonly ifMatch?: readonly string[];
  /** Whole seconds count: clients know the time of an object no finer. */
  readonly lastModifiedMs?: number;
  readonly sizeBytes?: number;
}

export interface ObjectDeletion {
  readonly key: string;
  /** Null for the key: its object, or a delete marker on top of it, as the bucket's state demands. */
  readonly versionId?: string | null;
  /** Counts only when there is something to delete. */
  readonly condition?: DeleteCondition;
  /** Whether retention in GOVERNANCE mode keeps the version no more; false when left out. */
  readonly bypassesGovernance?: boolean;
}

/**
 * - `deleted`: it is gone, or was not there.
 * - `precondition-failed`: its condition does not hold.
 * - `locked`: object lock keeps it.
 * - `unfinished`: left for another transaction: so many segments would hold up other writes.
 */
export interface DeletionResult {
  readonly outcome: 'deleted' | 'precondition-failed' | 'no-such-key' | 'locked' | 'unfinished';
  /** Of the delete marker that was written or removed; null when there was none. */
  readonly deleteMarkerVersionId: string | null;
}

/** What is gone because its time had come. */
export interface ExpiredObject {
  readonly bucketId: number;
  readonly key: string;
}

export interface DueDeletionsRequest {
  readonly groupName: string;
  readonly dueAtMs: number;
  /** The last file of the page before; null for the first page. */
  readonly after: { readonly notBeforeMs: number; readonly id: number } | null;
  readonly limit: number;
}
