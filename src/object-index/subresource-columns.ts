import type { ObjectSubresources, Retention } from './records.ts';
import type { SqlValue } from './statements.ts';

/** Columns that objects and uploads have alike. */
export interface SubresourceColumns {
  readonly tags: string | null;
  readonly acl: string | null;
  readonly retention_mode: Retention['mode'] | null;
  readonly retain_until_ms: number | null;
  readonly has_legal_hold: number | null;
  readonly expires_at_ms: number | null;
  readonly kodo: string | null;
}

/** In the order of `subresourceValues`. */
export const subresourceColumns =
  'tags, acl, retention_mode, retain_until_ms, has_legal_hold, expires_at_ms, kodo';

export function subresourceValues(of: Partial<ObjectSubresources>): SqlValue[] {
  const hasTags = of.tags && Object.keys(of.tags).length > 0;
  return [
    hasTags ? JSON.stringify(of.tags) : null,
    of.acl ?? null,
    of.retention?.mode ?? null,
    of.retention?.untilMs ?? null,
    of.hasLegalHold == null ? null : Number(of.hasLegalHold),
    of.expiresAtMs ?? null,
    of.kodo && Object.keys(of.kodo).length > 0 ? JSON.stringify(of.kodo) : null,
  ];
}

export function toSubresources(row: SubresourceColumns): ObjectSubresources {
  const { retention_mode: mode, retain_until_ms: untilMs } = row;
  return {
    tags: row.tags === null ? null : JSON.parse(row.tags),
    acl: row.acl,
    retention: mode !== null && untilMs !== null ? { mode, untilMs } : null,
    hasLegalHold: row.has_legal_hold === null ? null : row.has_legal_hold === 1,
    expiresAtMs: row.expires_at_ms,
    kodo: row.kodo === null ? null : JSON.parse(row.kodo),
  };
}
