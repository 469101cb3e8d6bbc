import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { FileCopy, GroupState } from '../../blob-store/blob-store.ts';
import type { ReplicaCheck, ReplicaCheckQueue } from '../../object-index/file-records.ts';
import { settleAll } from '../../support/settle-all.ts';
import type { CoreServices } from '../services.ts';
import { judgeCopies, type ReplicaVerdict } from './judge-copies.ts';
import { NewFileRepairs } from './new-file-repairs.ts';
import { type NextStep, nextLookMs, nextStep } from './next-step.ts';

export interface ReplicaCheckerOptions {
  /** A file is stored anew when it has one good copy for longer than this. */
  readonly repairAfterMs: number;
  /** Rest between two rounds. */
  readonly intervalMs?: number;
  /** Files of one group that are looked at in one round, unless the round is late. */
  readonly batchSizeMax?: number;
  /** Files of one group that are looked at at the same time. */
  readonly concurrencyMax?: number;
  /** Told of what was found and done, for metrics. */
  readonly onResult?: (result: ReplicaCheckResult) => void;
}

/** `checked` for each look; `lost` for a file that is needed and that no storage server has. */
export type ReplicaCheckResult =
  | { readonly kind: 'checked'; readonly verdict: ReplicaVerdict }
  | { readonly kind: 'repaired' | 'repair-failed' | 'lost' };

/** A repair that is not over by then may be started again: its process has ended. */
const REPAIR_MS_MAX = 600_000;
/** How long a group is left alone of which too few storage servers answer. */
const LEAVE_GROUP_MS = 10_000;
/** A storage server that has come back gets so long to hand on what it has in its change log. */
const RETURN_MS = 30_000;
/** A round that is late takes more files: as many again for each of these, … */
const HURRY_STEP_MS = 60_000;
/** … up to so many times the usual. */
const HURRY_MAX = 8;

interface Look {
  readonly check: ReplicaCheck;
  readonly verdict: ReplicaVerdict;
  readonly copies: readonly FileCopy[];
}

/**
 * Looks, some time after a file was written, whether its replicas have come: a storage server that
 * is killed before it has written its change log never hands on what it took, not even after its
 * next start. Such a file is stored anew while its one copy lives.
 */
export class ReplicaChecker {
  readonly #core: CoreServices;
  readonly #options: Required<ReplicaCheckerOptions>;
  readonly #repairs: NewFileRepairs;
  readonly #stopping = new AbortController();
  /** Until when groups are left alone, … */
  readonly #leftAlone = new Map<string, number>();
  /** … and those that could not be asked at the last try. */
  readonly #failed = new Set<string>();
  #running: Promise<void> | null = null;

  constructor(core: CoreServices, options: ReplicaCheckerOptions) {
    this.#core = core;
    // Every look and every repair that is under way listens.
    setMaxListeners(0, this.#stopping.signal);
    this.#options = {
      ...{ intervalMs: 1_000, batchSizeMax: 500, concurrencyMax: 4, onResult: () => {} },
      ...options,
    };
    const { onResult } = this.#options;
    this.#repairs = new NewFileRepairs(core, this.#stopping.signal, (kind) => onResult({ kind }));
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends what is under way; resolves when nothing is any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#repairs.settled();
  }

  /** Resolves when no file is being stored anew. */
  async settled(): Promise<void> {
    await this.#repairs.settled();
  }

  /** Looks at one batch of files of each group. Resolves to the number of them. */
  async runOnce(): Promise<number> {
    const nowMs = this.#core.now();
    const queues = await this.#core.index.listReplicaCheckQueues();
    const due = queues.filter(
      ({ groupName, oldestDueMs }) =>
        oldestDueMs <= nowMs && (this.#leftAlone.get(groupName) ?? 0) <= nowMs,
    );
    if (due.length === 0) return 0;
    const { groups } = await this.#core.blobs.clusterState();
    const checkOne = (queue: ReplicaCheckQueue) => {
      const group = groups.find(({ groupName }) => groupName === queue.groupName);
      return this.#checkGroup(queue, group);
    };
    const counts = await settleAll(due.map(checkOne));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.runOnce();
      } catch (error) {
        if (signal.aborted) return;
        this.#core.logger.error({ err: error }, 'the replicas of new files cannot be looked for');
      }
      await setTimeout(this.#options.intervalMs, null, { signal }).catch(() => {});
    }
  }

  async #checkGroup(queue: ReplicaCheckQueue, group: GroupState | undefined): Promise<number> {
    const { groupName, oldestDueMs } = queue;
    const nowMs = this.#core.now();
    const members = (group?.storageServers ?? []).filter(
      ({ status }) => status !== 'DELETED' && status !== 'IP_CHANGED',
    );
    const isAlone = members.length === 1;
    // Nothing is asked or written as long as the answer could only be "unknown".
    if (!isAlone && members.filter(({ isReadable }) => isReadable).length < 2) {
      this.#fail(groupName);
      return 0;
    }
    if (this.#failed.delete(groupName)) {
      this.#leftAlone.set(groupName, nowMs + RETURN_MS);
      return 0;
    }
    const hurry = Math.min(1 + Math.floor((nowMs - oldestDueMs) / HURRY_STEP_MS), HURRY_MAX);
    const limit = this.#options.batchSizeMax * hurry;
    const checks = await this.#core.index.listDueReplicaChecks(groupName, nowMs, limit);
    if (isAlone) {
      await this.#core.index.finishReplicaChecks(checks);
      return checks.length;
    }
    const looks = await this.#lookAtAll(checks);
    // It failed just now, which is nothing that each of the files has to remember.
    if (looks.every(({ verdict }) => verdict === 'unknown')) this.#fail(groupName);
    else await this.#settle(looks);
    return looks.length;
  }

  #fail(groupName: string): void {
    this.#failed.add(groupName);
    this.#leftAlone.set(groupName, this.#core.now() + LEAVE_GROUP_MS);
  }

  async #lookAtAll(checks: readonly ReplicaCheck[]): Promise<Look[]> {
    const looks: Look[] = [];
    const waiting = checks[Symbol.iterator]();
    const worker = async () => {
      // The workers share one iterator: each takes the next that none has taken.
      for (const check of waiting) {
        const copies = await this.#findCopies(check.fileId);
        const verdict = judgeCopies(copies);
        looks.push({ check, copies, verdict });
        this.#options.onResult({ kind: 'checked', verdict });
      }
    };
    await settleAll(Array.from({ length: this.#options.concurrencyMax }, worker));
    return looks;
  }

  async #findCopies(fileId: string): Promise<readonly FileCopy[]> {
    const { signal } = this.#stopping;
    try {
      return await this.#core.blobs.findCopies(fileId, { signal });
    } catch (error) {
      signal.throwIfAborted();
      this.#core.logger.warn({ err: error, fileId }, 'the replicas of a file cannot be looked for');
      return [];
    }
  }

  async #settle(looks: readonly Look[]): Promise<void> {
    const nowMs = this.#core.now();
    const { repairAfterMs } = this.#options;
    const over: ReplicaCheck[] = [];
    const repairs: { look: Look; untilMs: number }[] = [];
    const postponed: { check: ReplicaCheck; untilMs: number }[] = [];
    for (const look of looks) {
      const { check } = look;
      const step = nextStep(look.verdict, check, nowMs, repairAfterMs);
      if (step === 'repair' && repairs.length < this.#repairs.freeCount) {
        const untilMs = nowMs + REPAIR_MS_MAX;
        repairs.push({ look, untilMs });
        postponed.push({ check, untilMs });
      } else if (step === 'repair' || step === 'look-again') {
        postponed.push({ check, untilMs: nextLookMs(check, nowMs, repairAfterMs) });
      } else {
        await this.#tell(step, look);
        over.push(check);
      }
    }
    if (over.length > 0) await this.#core.index.finishReplicaChecks(over);
    if (postponed.length > 0) await this.#core.index.postponeReplicaChecks(postponed);
    for (const { look, untilMs } of repairs) {
      const { check, copies } = look;
      this.#repairs.start(check, copies, { fileId: check.fileId, dueMs: untilMs });
    }
  }

  async #tell(step: Exclude<NextStep, 'repair' | 'look-again'>, look: Look): Promise<void> {
    const { index, logger } = this.#core;
    const { fileId, bucketId, key } = look.check;
    const facts = { fileId, bucketId, key, copies: look.copies };
    if (step === 'give-up') logger.warn(facts, 'a file has not reached all of its group in a day');
    if (step !== 'lost') return;
    // A file that was deleted meanwhile is missing for a good reason.
    if ((await index.findFileUse(fileId, bucketId, key)) !== 'referenced') return;
    this.#options.onResult({ kind: 'lost' });
    logger.error(facts, 'no storage server has a file that is needed');
  }
}
