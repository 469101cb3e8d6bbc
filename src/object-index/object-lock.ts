import type { Retention } from './records.ts';
import type { SubresourceColumns } from './subresource-columns.ts';

/** What decides whether a version may go: columns of its row. */
export type LockColumns = Pick<
  SubresourceColumns,
  'retention_mode' | 'retain_until_ms' | 'has_legal_hold'
>;

/**
 * Whether object lock keeps a version from being deleted or replaced at that time. Who may bypass
 * GOVERNANCE does not get past a legal hold or COMPLIANCE.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 */
export function isLocked(row: LockColumns, nowMs: number, bypassesGovernance: boolean): boolean {
  if (row.has_legal_hold === 1) return true;
  if (!isRetained(row, nowMs)) return false;
  return row.retention_mode === 'COMPLIANCE' || !bypassesGovernance;
}

/**
 * Whether a version may get another retention, or none when null. Longer in the same mode is always
 * allowed. Anything else takes a retention that has ended, or GOVERNANCE and the right to bypass it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html
 */
export function mayChangeRetention(
  row: LockColumns,
  retention: Retention | null,
  nowMs: number,
  bypassesGovernance: boolean,
): boolean {
  if (!isRetained(row, nowMs)) return true;
  const isNoWeaker =
    retention !== null &&
    retention.mode === row.retention_mode &&
    retention.untilMs >= (row.retain_until_ms ?? 0);
  return isNoWeaker || (row.retention_mode === 'GOVERNANCE' && bypassesGovernance);
}

/** Retention counts while it lasts: the moment of `retain_until_ms` itself is free. */
function isRetained(row: LockColumns, nowMs: number): boolean {
  return row.retention_mode !== null && (row.retain_until_ms ?? 0) > nowMs;
}
