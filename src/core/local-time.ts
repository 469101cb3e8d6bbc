/** A moment as a clock on the wall shows it. */
export interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const dayMs = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** `timeZone` as the IANA database names it. Throws `RangeError` for an unknown one. */
export function localTime(timeMs: number, timeZone: string): LocalTime {
  const values = new Map<string, number>();
  for (const { type, value } of formatOf(timeZone).formatToParts(timeMs)) {
    values.set(type, Number(value));
  }
  const part = (name: string) => values.get(name) ?? 0;
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  };
}

/**
 * When an object is to be deleted that may live for so many days: rounded up to a midnight, so that
 * one of 10:00 on the first of a month, with 3 days, lives until 0:00 on the fifth.
 * https://developer.qiniu.com/kodo/1206/put-policy
 */
export function expiryAfterDays(nowMs: number, days: number, timeZone: string): number {
  const liveUntilMs = nowMs + days * dayMs;
  const midnightMs = startOfDay(liveUntilMs, timeZone);
  // Where clocks are changed a day has 23 or 25 hours: half a day more is in the next one.
  return midnightMs === liveUntilMs
    ? midnightMs
    : startOfDay(midnightMs + dayMs + dayMs / 2, timeZone);
}

/** The midnight before a moment, or the moment when it is one. */
function startOfDay(timeMs: number, timeZone: string): number {
  const { year, month, day } = localTime(timeMs, timeZone);
  const midnight = Date.UTC(year, month - 1, day);
  const guessMs = midnight - offsetAt(midnight, timeZone);
  return midnight - offsetAt(guessMs, timeZone);
}

/** By how much clocks are ahead of UTC. */
function offsetAt(timeMs: number, timeZone: string): number {
  const { year, month, day, hour, minute, second } = localTime(timeMs, timeZone);
  const shown = Date.UTC(year, month - 1, day, hour, minute, second);
  return shown - Math.floor(timeMs / 1000) * 1000;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timeZone, format);
  return format;
}
