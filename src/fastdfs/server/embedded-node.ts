import { STORAGE_PORT, TRACKER_PORT } from '../protocol/constants.ts';
import { ClusterView } from './cluster-view.ts';
import { Faults } from './faults.ts';
import { Listener } from './listener.ts';
import type { ReportProblem } from './service.ts';
import { type EmbeddedNodeSettings, resolveSettings } from './settings.ts';
import { StorageContext } from './storage-context.ts';
import { soleMember } from './storage-member.ts';
import { StorageService } from './storage-service.ts';
import { TrackerService } from './tracker-service.ts';

/** `host` is the address to connect to. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

export interface EmbeddedNode {
  readonly trackerAddress: NodeAddress;
  readonly storageAddress: NodeAddress;
  /** Stops listening, lets requests under way end, and resolves when all are done. */
  close(): Promise<void>;
}

export interface EmbeddedNodeHooks {
  /** Switches for tests; may be changed while the node runs. */
  readonly faults?: Faults;
  /** Told of failing disks and the like. Such problems are silent when this is left out. */
  readonly report?: ReportProblem;
}

/**
 * Starts a FastDFS tracker with one group of one storage server in this process. Rejects with a
 * `RangeError` for a setting that is out of range, or with the system's error when the store path
 * or a port cannot be used.
 */
export async function startEmbeddedNode(
  settings: EmbeddedNodeSettings,
  { faults = new Faults(), report = () => {} }: EmbeddedNodeHooks = {},
): Promise<EmbeddedNode> {
  const resolved = resolveSettings(settings);
  const context = new StorageContext(resolved, faults.storage);
  const storage = await Listener.open(
    new StorageService(context),
    { ...resolved, port: resolved.storagePort, standardPort: STORAGE_PORT },
    report,
  );
  const member = soleMember(resolved, context, storage.port, faults.tracker);
  const view = new ClusterView({
    faults: faults.tracker,
    startedAt: context.statistics.startedAt,
    members: () => [member],
    usesStorageIds: false,
  });
  let tracker: Listener;
  try {
    tracker = await Listener.open(
      new TrackerService(view),
      { ...resolved, port: resolved.trackerPort, standardPort: TRACKER_PORT },
      report,
    );
  } catch (error) {
    await storage.close();
    throw error;
  }
  view.trackerAddress = `${resolved.advertisedHost}:${tracker.port}`;
  return {
    trackerAddress: { host: resolved.advertisedHost, port: tracker.port },
    storageAddress: { host: resolved.advertisedHost, port: storage.port },
    async close() {
      // The tracker first, so that it sends nobody to a storage server that is gone.
      await tracker.close();
      await storage.close();
    },
  };
}
