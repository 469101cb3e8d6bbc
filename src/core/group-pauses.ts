/** The first pause of a group; each one that follows is twice as long. */
const pauseMsMin = 1_000;
const pauseMsMax = 60_000;

interface Pause {
  readonly failures: number;
  readonly untilMs: number;
  readonly problem: string;
}

export interface PausedGroup {
  readonly groupName: string;
  /** Tries in a row that failed. */
  readonly failures: number;
  readonly problem: string;
}

/**
 * Groups that could not be worked on, each left alone for a while. This is kept in memory: a group
 * that is down costs no write, and is tried again soon after a restart.
 */
export class GroupPauses {
  readonly #pauses = new Map<string, Pause>();
  readonly #now: () => number;

  /** `now` must not jump with the wall clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  isPaused(groupName: string): boolean {
    const pause = this.#pauses.get(groupName);
    return pause !== undefined && this.#now() < pause.untilMs;
  }

  /** Whether its last try failed. */
  hasFailed(groupName: string): boolean {
    return this.#pauses.has(groupName);
  }

  /** Gives the length of the pause, in milliseconds. */
  failed(groupName: string, problem: string): number {
    const failures = (this.#pauses.get(groupName)?.failures ?? 0) + 1;
    const pauseMs = Math.min(pauseMsMin * 2 ** Math.min(failures - 1, 30), pauseMsMax);
    this.#pauses.set(groupName, { failures, untilMs: this.#now() + pauseMs, problem });
    return pauseMs;
  }

  /** Whether it had failed before. */
  works(groupName: string): boolean {
    return this.#pauses.delete(groupName);
  }

  list(): PausedGroup[] {
    return Array.from(this.#pauses, ([groupName, { failures, problem }]) => ({
      groupName,
      failures,
      problem,
    }));
  }
}
