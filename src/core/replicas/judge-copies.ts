import type { FileCopy } from '../../blob-store/blob-store.ts';

/**
 * - `whole`: every storage server of the group has it; or two have it and the others are down, for
 *   what one replica has got came from the change log, which the others will get too.
 * - `single-copy`: one has it, and another one that is ACTIVE does not.
 * - `partial`: two or more have it, and another one that is ACTIVE does not.
 * - `damaged`: some copy has another size than it must have.
 * - `missing`: all storage servers answer, and none has it.
 * - `unknown`: too few of them answer.
 */
export type ReplicaVerdict =
  | 'whole'
  | 'single-copy'
  | 'partial'
  | 'damaged'
  | 'missing'
  | 'unknown';

/** What the answers of a group's storage servers say of one file. */
export function judgeCopies(copies: readonly FileCopy[]): ReplicaVerdict {
  const count = (state: FileCopy['state']) => copies.filter((copy) => copy.state === state).length;
  const present = count('present');
  const missing = count('missing');
  if (count('damaged') > 0) return 'damaged';
  if (present > 0 && present === copies.length) return 'whole';
  if (present >= 2) return missing > 0 ? 'partial' : 'whole';
  if (present === 1) return missing > 0 ? 'single-copy' : 'unknown';
  return missing > 0 && missing === copies.length ? 'missing' : 'unknown';
}

/** Whether a file with that verdict is better stored anew, once it is old enough. */
export function needsRepair(verdict: ReplicaVerdict): boolean {
  return verdict === 'single-copy' || verdict === 'damaged';
}
