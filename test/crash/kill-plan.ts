import type { Random } from './random.ts';

export type KillKind =
  /** SIGKILL while clients write. */
  | 'under load'
  /** The same, and again at moments of the next starts. */
  | 'in start'
  /** SIGKILL during the graceful stop that SIGTERM began. */
  | 'in stop'
  /** A reader has kept the write-ahead log from being cut meanwhile. */
  | 'with a long log'
  /** While a command copies the index, which may be killed as well. */
  | 'in a backup'
  /** One of several workers first; the others go on for a while. */
  | 'one worker first';

export interface KillPlan {
  readonly kind: KillKind;
  /** From the begin of the load until the first signal. */
  readonly loadMs: number;
  /** Until the last signal, where there are two. */
  readonly betweenMs: number;
  /** Starts that are killed after so many milliseconds each. */
  readonly startsKilledAfterMs: readonly number[];
  /** The reader of a long log outlives the next start, or the backup the gateway. */
  readonly readerSurvives: boolean;
}

const WEIGHTS: Readonly<Record<KillKind, number>> = {
  'under load': 45,
  'in start': 20,
  'in stop': 15,
  'with a long log': 12,
  'in a backup': 8,
  'one worker first': 0,
};

const LOAD_MS = { first: 300, last: 1_500 } as const;
/** A start takes some half a second; a little more shows the gateway as it begins to serve. */
const START_MS_MAX = 900;

const BETWEEN_MS_MAX: Readonly<Partial<Record<KillKind, number>>> = {
  'one worker first': 1_000,
  // A command takes a while to start.
  'in a backup': 1_500,
};

export function planKill(random: Random, workers: number): KillPlan {
  const kind = random.weighted({ ...WEIGHTS, ...(workers > 1 && { 'one worker first': 30 }) });
  const starts = kind === 'in start' ? random.integer(1, 3) : 0;
  return {
    kind,
    loadMs: random.integer(LOAD_MS.first, LOAD_MS.last),
    betweenMs: random.integer(0, BETWEEN_MS_MAX[kind] ?? 150),
    startsKilledAfterMs: Array.from({ length: starts }, () => random.integer(20, START_MS_MAX)),
    readerSurvives: random.chance(0.5),
  };
}
