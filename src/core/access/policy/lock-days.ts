import type { Retention } from '../../../object-index/records.ts';
import type { AccessTarget, PolicyRequest } from '../access-request.ts';

const DAY_MS = 86_400_000;

/** Days until the date to which a request wants an object kept; null when it names none. */
export function readLockDays({ facts }: PolicyRequest): string | null {
  const untilMs = Date.parse(facts.headers.get('x-amz-object-lock-retain-until-date') ?? '');
  return Number.isNaN(untilMs) ? null : daysUntil(untilMs, facts.nowMs);
}

function daysUntil(untilMs: number, nowMs: number): string {
  return String(Math.ceil((untilMs - nowMs) / DAY_MS));
}

/** What policies may ask of the retention that a document gives, null when it takes one away. */
export function retentionConditions(
  retention: Retention | null,
  nowMs: number,
): NonNullable<AccessTarget['conditions']> {
  const values = (read: (retention: Retention) => string) => (retention ? [read(retention)] : []);
  return {
    's3:object-lock-mode': values(({ mode }) => mode),
    's3:object-lock-retain-until-date': values(({ untilMs }) => new Date(untilMs).toISOString()),
    's3:object-lock-remaining-retention-days': values(({ untilMs }) => daysUntil(untilMs, nowMs)),
  };
}
