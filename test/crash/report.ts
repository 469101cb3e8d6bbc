import type { KillKind } from './kill-plan.ts';

/** What happened in one round, in which nothing was found amiss. */
export interface RoundReport {
  readonly round: number;
  readonly kill: KillKind;
  readonly loadMs: number;
  readonly acknowledgedWrites: number;
  readonly acknowledgedDeletes: number;
  readonly refused: number;
  /** Answers of 5xx by code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Objects that the load read and checked. */
  readonly reads: number;
  /** Writes without an answer at the end, and the files that these can have left at most. */
  readonly inFlight: number;
  readonly inFlightFilesMax: number;
  readonly startMs: number;
  /** Objects that were read and checked after the start. */
  readonly keysRead: number;
  /** Files that belong to nothing; null when the storage servers cannot be looked into. */
  readonly orphans: number | null;
  readonly durationMs: number;
}

export function renderRound(round: RoundReport): string {
  const failures = Object.entries(round.failures).map(([code, count]) => `${count} ${code}`);
  return [
    `round ${round.round}`.padEnd(10),
    `${round.kill} at ${round.loadMs} ms`.padEnd(26),
    `${round.acknowledgedWrites} writes ${round.acknowledgedDeletes} deletes`.padEnd(24),
    `${round.inFlight} in flight (${round.inFlightFilesMax} files)`.padEnd(26),
    `${round.orphans ?? '?'} orphans`.padEnd(12),
    `ready in ${round.startMs} ms`.padEnd(18),
    `${round.keysRead} read`.padEnd(11),
    `${round.durationMs} ms`,
    ...(failures.length > 0 ? [`(${failures.join(', ')})`] : []),
  ].join(' ');
}

export interface Totals {
  readonly rounds: number;
  readonly roundsByKill: Readonly<Record<string, number>>;
  readonly acknowledgedWrites: number;
  readonly acknowledgedDeletes: number;
  readonly reads: number;
  readonly inFlight: number;
  readonly inFlightFilesMax: number;
  /** Null when the storage servers could not be looked into. */
  readonly orphans: number | null;
  readonly startMsMax: number;
  readonly durationMs: number;
}

export function totalsOf(rounds: readonly RoundReport[]): Totals {
  const sum = (numberOf: (round: RoundReport) => number) =>
    rounds.reduce((total, round) => total + numberOf(round), 0);
  const roundsByKill: Record<string, number> = {};
  for (const { kill } of rounds) roundsByKill[kill] = (roundsByKill[kill] ?? 0) + 1;
  return {
    rounds: rounds.length,
    roundsByKill,
    acknowledgedWrites: sum((round) => round.acknowledgedWrites),
    acknowledgedDeletes: sum((round) => round.acknowledgedDeletes),
    reads: sum((round) => round.reads + round.keysRead),
    inFlight: sum((round) => round.inFlight),
    inFlightFilesMax: sum((round) => round.inFlightFilesMax),
    orphans: rounds.some(({ orphans }) => orphans === null)
      ? null
      : sum((round) => round.orphans ?? 0),
    startMsMax: Math.max(0, ...rounds.map((round) => round.startMs)),
    durationMs: sum((round) => round.durationMs),
  };
}
