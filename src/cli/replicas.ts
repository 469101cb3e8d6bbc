import { ReplicaWalk } from '../core/replicas/replica-walk.ts';
import {
  needsAttention,
  newWalkState,
  type ReplicaFinding,
  type ReplicaWalkState,
  restoreWalkState,
} from '../core/replicas/walk-state.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { reportReplicas } from './replica-report.ts';
import { countToLookAt, findBucketId, parseRate, runWalk } from './run-walk.ts';
import { replicaFinding, replicaWalkState, SavedWalk } from './saved-walk.ts';

export interface ReplicasOptions {
  readonly repair?: boolean;
  readonly rate?: string;
  readonly restart?: boolean;
  readonly bucket?: string;
}

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
  const repairs = options.repair ?? false;
  const kind = { bucketId, repairs, restoredAtMs: await core.index.findRestoreTime() };
  const saved = new SavedWalk(directory.walkFile('replica-walk'), kind, shapes);
  const kept = options.restart ? null : saved.find();
  const start = kept ? restoreWalkState(kept.state, kept.findings) : newWalkState;
  const state = await runWalk<ReplicaWalkState, ReplicaFinding>(start, {
    label: 'Looking',
    total: await countToLookAt(services, bucketId),
    saved,
    startStepping: (onLook) => {
      const walk = new ReplicaWalk(core, {
        ...{ bucketId, filesPerSecond, repairs, onLook },
        repairAfterMs: config.replicas.repairAfterMs,
      });
      return (state, signal) => walk.step(state, signal);
    },
  });
  return {
    ...(await reportReplicas(state, core.index, { repairs, isContinued: kept !== null })),
    failed: !state.isFinished || needsAttention(state),
  };
}

const shapes = { state: replicaWalkState, finding: replicaFinding };
