import type { ServerHealth } from '../fastdfs/client/server-health.ts';
import type { StorageClient } from '../fastdfs/client/storage-client.ts';
import type { TrackerClient } from '../fastdfs/client/tracker-client.ts';
import type { BlobStoreEvent } from './blob-store.ts';
import type { ClusterView } from './cluster-view.ts';
import type { DamagedCopies } from './damaged-copies.ts';
import type { GroupOrder, WriteSettings } from './placement.ts';
import type { ReplicaQuestions } from './replica-questions.ts';
import type { ServerMonitor } from './server-monitor.ts';
import type { StoreAnswers } from './store-answers.ts';

/** What the parts of the blob store work with. */
export interface Cluster {
  readonly trackers: TrackerClient;
  readonly storage: StorageClient;
  readonly view: ClusterView;
  readonly storeAnswers: StoreAnswers;
  readonly writes: WriteSettings;
  readonly groupOrder: GroupOrder;
  readonly replicaQuestions: ReplicaQuestions;
  readonly monitor: ServerMonitor;
  /** Storage servers that failed lately. */
  readonly health: ServerHealth;
  /** Copies of files that gave wrong bytes lately. */
  readonly damagedCopies: DamagedCopies;
  /** A reader that pauses for longer gives its connection back meanwhile. */
  readonly readerPauseMs: number;
  readonly onEvent: (event: BlobStoreEvent) => void;
}
