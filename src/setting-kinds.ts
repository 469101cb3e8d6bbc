import { z } from 'zod';
import {
  parseDuration,
  parseHostPort,
  parseSize,
  renderDuration,
  renderSize,
} from './support/units.ts';

/**
 * One setting: what is not given has `fallback`; `parse` gives undefined for what is not allowed, or
 * what `refuse` gives for a sentence that says more.
 */
export function setting<T>(
  fallback: string,
  allowed: string,
  parse: (text: string, refuse: (why: string) => undefined) => T | undefined,
) {
  return z
    .string()
    .default(fallback)
    .transform((text, context): T => {
      let message = allowed;
      const value = parse(text, (why) => {
        message = `${allowed}; ${why}`;
      });
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .meta({ fallback, allowed });
}

export const inRange = (value: number | null, min: number, max: number) =>
  value !== null && value >= min && value <= max ? value : undefined;

export function size(fallback: string, min: string, max: string) {
  const [least, most] = [parseSize(min) ?? 0, parseSize(max) ?? 0];
  const allowed = `a size such as ${fallback}, from ${renderSize(least)} to ${renderSize(most)}`;
  return setting(fallback, allowed, (text) => inRange(parseSize(text), least, most));
}

export function duration(fallback: string, min: string, max: string) {
  const [least, most] = [parseDuration(min) ?? 0, parseDuration(max) ?? 0];
  const range = `from ${renderDuration(least)} to ${renderDuration(most)}`;
  return setting(
    fallback,
    `a duration such as ${fallback} (units ms, s, m, h, d), ${range}`,
    (text) => inRange(parseDuration(text), least, most),
  );
}

export function count(fallback: string, min: number, max: number) {
  return setting(fallback, `a whole number from ${min} to ${max}`, (text) =>
    /^\d+$/.test(text) ? inRange(Number(text), min, max) : undefined,
  );
}

export function text(fallback: string, allowed: string, pattern: RegExp) {
  return setting(fallback, allowed, (value) => (pattern.test(value) ? value : undefined));
}

/** Null means that nothing listens. */
export function listen(fallback: string) {
  return setting(fallback, 'host:port (port 0 for any free one) or off', (value) =>
    value === 'off' ? null : (parseHostPort(value) ?? undefined),
  );
}

export function list<T>(
  value: string,
  parse: (item: string) => T | null,
): readonly T[] | undefined {
  const items = value.split(',').map((item) => item.trim());
  const parsed = items.filter((item) => item !== '').map(parse);
  return parsed.some((item) => item === null) ? undefined : (parsed as T[]);
}

/** `key=value,key=value`, each key once. */
export function pairs(
  value: string,
  isPair: (key: string, value: string) => boolean,
): ReadonlyMap<string, string> | undefined {
  const items = list(value, (item) => {
    const [key = '', target = '', ...more] = item.split('=').map((word) => word.trim());
    return more.length === 0 && isPair(key, target) ? ([key, target] as const) : null;
  });
  const map = new Map(items);
  return items !== undefined && map.size === items.length ? map : undefined;
}
