import type { DamagePlace } from '../damage.ts';
import type { CheckRun } from './check-run.ts';

const SHOWN_MAX = 200;

/** Headers and user metadata are JSON objects of strings; anything else fails every read. */
export function describeTexts(
  run: CheckRun,
  table: 'objects' | 'uploads',
  place: DamagePlace,
  texts: { readonly headers: string; readonly user_metadata: string },
): void {
  for (const column of ['headers', 'user_metadata'] as const) {
    const text = texts[column];
    if (text === '{}' || isRecordOfStrings(text)) continue;
    run.found({
      kind: 'metadata-unreadable',
      severity: 'error',
      place,
      problem: `Its ${column} are no JSON object of strings, so that every request for it fails. Mended, they are empty; they were ${JSON.stringify(text.slice(0, SHOWN_MAX))}.`,
      repair: { name: 'description', table, column, text },
    });
  }
}

function isRecordOfStrings(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    return Object.values(value).every((one) => typeof one === 'string');
  } catch {
    return false;
  }
}
