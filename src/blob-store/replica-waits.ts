import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import { Turnstile } from '../support/turnstile.ts';
import { BlobStoreError, type StoredFile } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { ReplicaWait } from './replica-wait.ts';

/** Questions to one storage server at a time, for all files that wait. */
const QUERIES_PER_SERVER_MAX = 4;

/**
 * Lets uploads wait until `minReplicas` storage servers have their file. FastDFS answers when one
 * has it, and copies the file to the others 0.05 to 1 s later.
 */
export class ReplicaWaits {
  readonly #turnstiles = new Map<string, Turnstile>();

  /**
   * Resolves with the file, and whether all members of its group have it. Rejects with
   * `BlobStoreError` ('unavailable') when too few get it in time and that counts as a failure, and
   * with the signal's reason.
   */
  async confirm(
    cluster: Cluster,
    file: StoredFile,
    takenBy: ServerAddress,
    signal: AbortSignal,
  ): Promise<StoredFile> {
    const { minReplicas, replicaWaitMs, replicaWaitFailure } = cluster.writes;
    if (minReplicas === 1) return file;
    const startedAtMs = performance.now();
    const wait = await ReplicaWait.prepare(cluster, file.fileId, takenBy, (server) =>
      this.#turnstileOf(server),
    );
    await wait.run(replicaWaitMs, signal);
    const outcome = wait.isEnough ? 'confirmed' : outcomeOf[replicaWaitFailure];
    const durationMs = performance.now() - startedAtMs;
    cluster.onEvent({ kind: 'replica-wait', fileId: file.fileId, outcome, durationMs });
    if (outcome !== 'failed') return { ...file, isReplicated: wait.isEverywhere };
    throw new BlobStoreError(
      'unavailable',
      `${file.fileId} reached ${wait.confirmedCount} of ${minReplicas} storage servers ` +
        `within ${Math.round(durationMs)} ms`,
    );
  }

  #turnstileOf(server: ServerAddress): Turnstile {
    const name = renderAddress(server);
    let turnstile = this.#turnstiles.get(name);
    if (turnstile === undefined) {
      turnstile = new Turnstile(QUERIES_PER_SERVER_MAX);
      this.#turnstiles.set(name, turnstile);
    }
    return turnstile;
  }
}

const outcomeOf = { fail: 'failed', accept: 'accepted' } as const;
