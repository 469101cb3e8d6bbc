import { setMaxListeners } from 'node:events';
import type { CommandContext } from './command.ts';
import { UsageError } from './failures.ts';
import { takeInterruption } from './interruption.ts';
import { openProgress } from './progress.ts';
import type { SavedWalk } from './saved-walk.ts';

const RATE_DEFAULT = 200;
const RATE_MAX = 100_000;

interface WalkState {
  readonly isFinished: boolean;
  /** Files that were looked at. */
  readonly fileCount: number;
}

export interface WalkRun<State extends WalkState, Found extends object> {
  readonly label: string;
  /** About how many files there are to look at. */
  readonly total: number;
  readonly saved: Pick<SavedWalk<unknown, Found>, 'remove'> & {
    save(state: State, added: readonly Found[]): void;
  };
  /** Gives what does one page; `onLook` is to be told of each file. */
  startStepping(
    onLook: () => void,
  ): (
    state: State,
    signal: AbortSignal,
  ) => Promise<{ readonly state: State; readonly added: readonly Found[] }>;
}

/**
 * Walks page by page to the end, or until SIGINT or SIGTERM: what is done by then is kept, and the
 * next run goes on there. Gives the last state.
 */
export async function runWalk<State extends WalkState, Found extends object>(
  start: State,
  { label, total, saved, startStepping }: WalkRun<State, Found>,
): Promise<State> {
  let state = start;
  const progress = openProgress(label, total);
  progress.advance(state.fileCount);
  const step = startStepping(() => progress.advance(1));
  const interruption = takeInterruption();
  // Every look and every repair that is under way listens.
  setMaxListeners(0, interruption.signal);
  try {
    while (!state.isFinished) {
      const done = await step(state, interruption.signal);
      state = done.state;
      saved.save(state, done.added);
    }
    saved.remove();
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  } finally {
    interruption.release();
    progress.stop();
  }
  return state;
}

/** Counting is worth its time only where somebody sees the bar. */
export async function countToLookAt(
  { core }: CommandContext['services'],
  bucketId: number | null,
): Promise<number> {
  return process.stderr.isTTY ? await core.index.countFileReferences(bucketId) : 0;
}

export function parseRate(text: string | undefined): number {
  const rate = text === undefined ? RATE_DEFAULT : Number(text);
  if (rate > 0 && rate <= RATE_MAX) return rate;
  throw new UsageError(`--rate must be a number of files per second, up to ${RATE_MAX}.`);
}

export async function findBucketId(
  { core }: CommandContext['services'],
  name: string,
): Promise<number> {
  const bucket = await core.index.findBucket(name);
  if (bucket) return bucket.id;
  throw new UsageError(`There is no bucket ${name}.`);
}
