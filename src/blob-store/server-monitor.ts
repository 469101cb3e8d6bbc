import { type HeartbeatSettings, Heartbeats } from '../fastdfs/client/heartbeats.ts';
import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import type { ServerHealth } from '../fastdfs/client/server-health.ts';
import type { ServerPools } from '../fastdfs/client/server-pools.ts';
import type { ClusterSnapshot } from './cluster-snapshot.ts';

/**
 * Pings all trackers, and the storage servers that the trackers list as usable. One that does not
 * answer is left alone at once, and requests that wait for it go on elsewhere instead of waiting
 * until their own timeouts run out.
 */
export class ServerMonitor {
  readonly #trackers: readonly ServerAddress[];
  readonly #heartbeats: Heartbeats;
  /** Why each server that is pinged does not answer; null when it does. */
  readonly #problems = new Map<string, Error | null>();
  #isStarted = false;

  constructor(
    trackers: readonly ServerAddress[],
    pools: ServerPools,
    health: { readonly trackers: ServerHealth; readonly storages: ServerHealth },
    settings: HeartbeatSettings,
  ) {
    this.#trackers = trackers;
    const trackerNames = new Set(trackers.map(renderAddress));
    this.#heartbeats = new Heartbeats(settings, (address, failure) => {
      const name = renderAddress(address);
      this.#problems.set(name, failure);
      const isTracker = trackerNames.has(name);
      (isTracker ? health.trackers : health.storages).pinged(address, failure);
      if (failure !== null) pools.abandon(address, failure, settings.timeoutMs);
    });
  }

  /** Begins with the trackers; called when the first request needs the cluster. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#heartbeats.watch(this.#trackers);
  }

  /** Takes the storage servers of a new snapshot. */
  watch(snapshot: ClusterSnapshot): void {
    this.#isStarted = true;
    const usable = snapshot.servers.filter((server) => server.isReadable || server.isWritable);
    this.#heartbeats.watch([...this.#trackers, ...usable]);
  }

  /** Why a server does not answer; null when it does, or is not pinged yet. */
  problemOf(address: ServerAddress): string | null {
    return this.#problems.get(renderAddress(address))?.message ?? null;
  }

  /** Resolves when each server has answered, or failed to, at least once. */
  async settled(): Promise<void> {
    this.start();
    await this.#heartbeats.settled();
  }

  close(): void {
    this.#heartbeats.close();
  }
}
