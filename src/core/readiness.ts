import type { BlobStore } from '../blob-store/blob-store.ts';
import type { ObjectIndex } from '../object-index/object-index.ts';
import { findClusterProblems } from './cluster-health.ts';

interface ReadinessCheck {
  readonly name: 'gateway' | 'index' | 'trackers' | 'storage';
  readonly ok: boolean;
  /** What is wrong and where, for a person; null when nothing is. */
  readonly problem: string | null;
}

interface Readiness {
  /** A write that came now should succeed. */
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
}

export interface ReadinessSources {
  readonly index: Pick<ObjectIndex, 'findBucket' | 'verifyWritable'>;
  readonly blobs: Pick<BlobStore, 'clusterState'>;
  /** Storage servers that must have a file before its write succeeds. */
  readonly copiesNeeded: number;
  /** Why a load balancer should look elsewhere, whatever works; null when it need not. */
  readonly findGatewayProblem: () => string | null;
  /** A check that takes longer has failed. */
  readonly checkTimeoutMs: number;
}

/** Checks everything that a write needs, side by side. Never throws. */
async function checkReadiness(sources: ReadinessSources): Promise<Readiness> {
  const { index, blobs, copiesNeeded, checkTimeoutMs, findGatewayProblem } = sources;
  const [indexProblem, cluster] = await Promise.all([
    problemOf(checkTimeoutMs, async () => {
      // No bucket can have an empty name: one cheap read, and null is the right answer.
      await Promise.all([index.findBucket(''), index.verifyWritable()]);
      return null;
    }),
    problemOf(checkTimeoutMs, async () =>
      findClusterProblems(await blobs.clusterState(), copiesNeeded),
    ),
  ]);
  // What cannot be asked for fails both.
  const { trackers, storage } =
    typeof cluster === 'string' ? { trackers: cluster, storage: cluster } : cluster;
  const problems = [
    ['gateway', findGatewayProblem()],
    ['index', indexProblem],
    ['trackers', trackers],
    ['storage', storage],
  ] as const;
  const checks = problems.map(([name, problem]) => ({ name, ok: problem === null, problem }));
  return { ready: checks.every(({ ok }) => ok), checks };
}

/** Probes that come together share one check: they cannot pile up on a cluster that hangs. */
export class ReadinessProbe {
  readonly #sources: ReadinessSources;
  #checking: Promise<Readiness> | null = null;

  constructor(sources: ReadinessSources) {
    this.#sources = sources;
  }

  check(): Promise<Readiness> {
    this.#checking ??= checkReadiness(this.#sources).finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }
}

/** What `check` finds, or in words why it could not. */
async function problemOf<Finding>(
  timeoutMs: number,
  check: () => Promise<Finding>,
): Promise<Finding | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${timeoutMs} ms`), timeoutMs);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
