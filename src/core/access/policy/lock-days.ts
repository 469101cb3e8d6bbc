import type { PolicyRequest } from '../access-request.ts';

const DAY_MS = 86_400_000;

/** Days until the date to which a request wants an object kept; null when it names none. */
export function readLockDays({ facts }: PolicyRequest): string | null {
  const untilMs = Date.parse(facts.headers.get('x-amz-object-lock-retain-until-date') ?? '');
  return Number.isNaN(untilMs) ? null : String(Math.ceil((untilMs - facts.nowMs) / DAY_MS));
}
