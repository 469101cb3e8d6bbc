import type { BlobStore } from '../blob-store/blob-store.ts';
import { clusterProblem } from '../core/cluster-health.ts';
import type { ObjectIndex } from '../object-index/object-index.ts';

interface ReadinessCheck {
  readonly name: 'gateway' | 'index' | 'fastdfs';
  readonly ok: boolean;
  /** What is wrong and where, for a person; null when nothing is. */
  readonly problem: string | null;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
}

export interface ReadinessSources {
  readonly index: Pick<ObjectIndex, 'findBucket'>;
  readonly blobs: Pick<BlobStore, 'clusterState'>;
  /** True from the first signal to stop: a load balancer should look elsewhere. */
  readonly isStopping: () => boolean;
  /** A check that takes longer has failed. */
  readonly checkTimeoutMs: number;
}

/** Asks everything that a request needs, side by side. Never throws. */
export async function checkReadiness(sources: ReadinessSources): Promise<Readiness> {
  const stopping = sources.isStopping() ? 'the gateway is stopping' : null;
  const [index, fastdfs] = await Promise.all([
    problemOf(sources.checkTimeoutMs, async () => {
      // No bucket can have an empty name: one cheap read, and null is the right answer.
      await sources.index.findBucket('');
      return null;
    }),
    problemOf(sources.checkTimeoutMs, async () =>
      clusterProblem(await sources.blobs.clusterState()),
    ),
  ]);
  const checks: ReadinessCheck[] = [
    { name: 'gateway', ok: stopping === null, problem: stopping },
    { name: 'index', ok: index === null, problem: index },
    { name: 'fastdfs', ok: fastdfs === null, problem: fastdfs },
  ];
  return { ready: checks.every(({ ok }) => ok), checks };
}

async function problemOf(
  timeoutMs: number,
  check: () => Promise<string | null>,
): Promise<string | null> {
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
