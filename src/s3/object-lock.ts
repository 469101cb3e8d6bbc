import { GatewayError } from '../core/errors.ts';
import type { RequestHeaders } from '../http/request-headers.ts';
import type { Retention } from '../object-index/records.ts';

const modeHeader = 'x-amz-object-lock-mode';
const untilHeader = 'x-amz-object-lock-retain-until-date';
const holdHeader = 'x-amz-object-lock-legal-hold';

/** Whether the caller asks to override GOVERNANCE; whether it may is another question. */
export function wantsBypass(headers: RequestHeaders): boolean {
  return headers.get('x-amz-bypass-governance-retention')?.toLowerCase() === 'true';
}

/** Null for what is none of ours. */
export function parseMode(text: string | null): Retention['mode'] | null {
  return text === 'GOVERNANCE' || text === 'COMPLIANCE' ? text : null;
}

/** ISO 8601 with seconds and zone; milliseconds since 1970, null for anything else. */
export function parseInstant(text: string): number | null {
  const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text);
  const timeMs = isInstant ? Date.parse(text) : Number.NaN;
  return Number.isNaN(timeMs) ? null : timeMs;
}

/** Throws `InvalidArgument` for a date that is not in the future. */
export function checkIsFuture(untilMs: number, nowMs: number, name: string): void {
  if (untilMs > nowMs) return;
  throw new GatewayError('InvalidArgument', {
    message: 'The retain until date must be in the future!',
    ArgumentName: name,
    ArgumentValue: new Date(untilMs).toISOString(),
  });
}

/** What the headers of a write say; null where they say nothing. Throws `InvalidArgument`. */
export function objectLockHeaders(
  headers: RequestHeaders,
  nowMs: number,
): { readonly retention: Retention | null; readonly hasLegalHold: boolean | null } {
  return { retention: retentionHeaders(headers, nowMs), hasLegalHold: holdOf(headers) };
}

function retentionHeaders(headers: RequestHeaders, nowMs: number): Retention | null {
  const modeText = headers.get(modeHeader);
  const untilText = headers.get(untilHeader);
  if (modeText === null && untilText === null) return null;
  if (modeText === null || untilText === null) {
    throw invalidHeader(
      `${untilHeader} and ${modeHeader} must both be supplied`,
      modeText === null ? modeHeader : untilHeader,
      '',
    );
  }
  const mode = parseMode(modeText);
  if (mode === null) throw invalidHeader('Unknown wormMode directive.', modeHeader, modeText);
  const untilMs = parseInstant(untilText);
  if (untilMs === null) {
    const message = 'The retain until date must be provided in ISO 8601 format';
    throw invalidHeader(message, untilHeader, untilText);
  }
  checkIsFuture(untilMs, nowMs, untilHeader);
  return { mode, untilMs };
}

function holdOf(headers: RequestHeaders): boolean | null {
  const status = headers.get(holdHeader);
  if (status === null) return null;
  if (status === 'ON' || status === 'OFF') return status === 'ON';
  throw invalidHeader("Legal hold must be either of 'ON' or 'OFF'", holdHeader, status);
}

function invalidHeader(message: string, name: string, value: string): GatewayError {
  return new GatewayError('InvalidArgument', {
    message,
    ArgumentName: name,
    ArgumentValue: value,
  });
}
