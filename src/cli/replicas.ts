import { setMaxListeners } from 'node:events';
import { z } from 'zod';
import { ReplicaWalk } from '../core/replicas/replica-walk.ts';
import {
  needsAttention,
  newWalkState,
  type ReplicaWalkState,
} from '../core/replicas/walk-state.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import { takeInterruption } from './interruption.ts';
import { openProgress } from './progress.ts';
import { reportReplicas } from './replica-report.ts';

const RATE_DEFAULT = 200;
const RATE_MAX = 100_000;

export interface ReplicasOptions {
  readonly repair?: boolean;
  readonly rate?: string;
  readonly restart?: boolean;
  readonly bucket?: string;
}

/** What is kept between two runs; a walk with other options starts over. */
const savedWalk = z.object({
  version: z.literal(1),
  bucketId: z.number().nullable(),
  repairs: z.boolean(),
  state: z.custom<ReplicaWalkState>((state) => typeof state === 'object' && state !== null),
});

/**
 * Asks for every file on every storage server of its group, and with `repair` stores files anew
 * that have too few good copies. Ends early on SIGINT and SIGTERM; the next run goes on there.
 * Fails when something is left that somebody should do something about.
 */
export async function checkReplicas(
  { services, config }: CommandContext,
  options: ReplicasOptions,
): Promise<CommandOutput> {
  const { core, directory } = services;
  const filesPerSecond = parseRate(options.rate);
  const bucketId =
    options.bucket === undefined ? null : await findBucketId(services, options.bucket);
  const kind = { version: 1, bucketId, repairs: options.repair ?? false } as const;
  let state = options.restart ? newWalkState : findState(directory.findReplicaWalk(), kind);
  const isContinued = state.cursor !== null;

  const progress = openProgress('Looking', await countToLookAt(services, bucketId));
  progress.advance(state.fileCount);
  const walk = new ReplicaWalk(core, {
    ...{ bucketId, filesPerSecond, repairs: kind.repairs },
    repairAfterMs: config.replicas.repairAfterMs,
    onLook: () => progress.advance(1),
  });
  const interruption = takeInterruption();
  // Every look and every repair that is under way listens.
  setMaxListeners(0, interruption.signal);
  try {
    while (!state.isFinished) {
      state = await walk.step(state, interruption.signal);
      directory.saveReplicaWalk({ ...kind, state });
    }
    directory.removeReplicaWalk();
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  } finally {
    interruption.release();
    progress.stop();
  }
  return {
    ...(await reportReplicas(state, core.index, { repairs: kind.repairs, isContinued })),
    failed: !state.isFinished || needsAttention(state),
  };
}

/** Counting is worth its time only where somebody sees the bar. */
async function countToLookAt(
  { core }: CommandContext['services'],
  bucketId: number | null,
): Promise<number> {
  return process.stderr.isTTY ? await core.index.countFileReferences(bucketId) : 0;
}

function parseRate(text: string | undefined): number {
  const rate = text === undefined ? RATE_DEFAULT : Number(text);
  if (rate > 0 && rate <= RATE_MAX) return rate;
  throw new UsageError(`--rate must be a number of files per second, up to ${RATE_MAX}.`);
}

async function findBucketId({ core }: CommandContext['services'], name: string): Promise<number> {
  const bucket = await core.index.findBucket(name);
  if (bucket) return bucket.id;
  throw new UsageError(`There is no bucket ${name}.`);
}

function findState(
  saved: unknown,
  kind: { readonly bucketId: number | null; readonly repairs: boolean },
): ReplicaWalkState {
  const parsed = savedWalk.safeParse(saved);
  if (!parsed.success) return newWalkState;
  const { bucketId, repairs, state } = parsed.data;
  return bucketId === kind.bucketId && repairs === kind.repairs ? state : newWalkState;
}
