import type { Readable } from 'node:stream';
import { AddressMap } from '../fastdfs/client/address-map.ts';
import type { ConnectionObserver } from '../fastdfs/client/close-reason.ts';
import type { PoolSettings } from '../fastdfs/client/connection-settings.ts';
import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import { type HealthChange, ServerHealth } from '../fastdfs/client/server-health.ts';
import { ServerPools } from '../fastdfs/client/server-pools.ts';
import { StorageClient } from '../fastdfs/client/storage-client.ts';
import { TrackerClient } from '../fastdfs/client/tracker-client.ts';
import type { AddressPair } from '../support/address-pairs.ts';
import type {
  BlobStore,
  BlobStoreEvent,
  ClusterState,
  FileCopy,
  FileDescription,
  FilePiece,
  FileStat,
  PoolState,
  SlaveName,
  StoredFile,
  StoreOptions,
} from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { ClusterView } from './cluster-view.ts';
import { DamagedCopies } from './damaged-copies.ts';
import { deleteFile } from './delete-file.ts';
import { findCopies } from './find-copies.ts';
import { openCopy } from './open-copy.ts';
import { PieceStream } from './piece-stream.ts';
import { GroupOrder, type WriteSettings } from './placement.ts';
import { readClusterState } from './read-cluster-state.ts';
import { describeFile } from './read-file-id.ts';
import { readPiece } from './read-piece.ts';
import { ReplicaQuestions } from './replica-questions.ts';
import { ServerMonitor } from './server-monitor.ts';
import { statFile } from './stat-file.ts';
import { StoreAnswers } from './store-answers.ts';
import { storeBuffer, storeStream } from './store-files.ts';
import { slaveFileId, storeSlave } from './store-slave.ts';

export interface FastdfsBlobStoreSettings extends PoolSettings, WriteSettings {
  /** At least one. */
  readonly trackers: readonly ServerAddress[];
  /** Where servers are reached whose advertised addresses mean nothing here. */
  readonly addressMap?: readonly AddressPair[];
  readonly segmentSizeBytesMax: number;
  /**
   * A tracker or storage server that failed is the last choice for so long, doubled by each failure
   * that follows …
   */
  readonly avoidFailedServerMs: number;
  /** … up to this time. */
  readonly avoidFailedServerMsMax: number;
  /** Rest between two looks at the cluster, and between two pings of a server. */
  readonly clusterViewRefreshMs: number;
  /** A server that leaves a ping unanswered for so long, and then another one, is down. */
  readonly pingTimeoutMs: number;
  /**
   * A reader that takes no bytes for so long gives its connection back, and gets another one when
   * it goes on: clients that pause a download must not keep all others from the storage server.
   */
  readonly readerPauseMs: number;
  /** Told of what an operator should be able to count. */
  readonly onEvent?: (event: BlobStoreEvent) => void;
}

/** What suits most clusters; a caller overrides what its operator has set. */
export const FASTDFS_DEFAULTS = {
  segmentSizeBytesMax: 64 * 1024 * 1024,
  connectTimeoutMs: 2_000,
  responseTimeoutMs: 5_000,
  idleTimeoutMs: 30_000,
  commandTimeoutMs: 60_000,
  connectionsPerServerMax: 64,
  idleConnectionsPerServerMax: 32,
  connectionWaitersPerServerMax: 4_096,
  connectionWaitTimeoutMs: 15_000,
  idleConnectionLifetimeMs: 60_000,
  avoidFailedServerMs: 1_000,
  avoidFailedServerMsMax: 30_000,
  clusterViewRefreshMs: 1_000,
  pingTimeoutMs: 1_500,
  readerPauseMs: 5_000,
  placement: 'tracker',
  minReplicas: 1,
  replicaWaitMs: 10_000,
  replicaWaitFailure: 'fail',
  refusalWaitMs: 5,
} as const satisfies Omit<FastdfsBlobStoreSettings, 'trackers'>;

/** Nothing is connected before it is needed, so this works while the cluster is down. */
export function openFastdfsBlobStore(settings: FastdfsBlobStoreSettings): BlobStore {
  const onEvent = settings.onEvent ?? (() => {});
  const addressMap = new AddressMap(settings.addressMap ?? []);
  const onClosed: ConnectionObserver = (address, reason) =>
    onEvent({ kind: 'connection-closed', server: renderAddress(address), reason });
  const pools = new ServerPools(settings, onClosed, addressMap);
  const breakers = {
    coolOffMs: settings.avoidFailedServerMs,
    coolOffMsMax: Math.max(settings.avoidFailedServerMs, settings.avoidFailedServerMsMax),
  };
  const teller = (role: 'tracker' | 'storage') => (change: HealthChange) => {
    const { address, use, state, reason } = change;
    onEvent({ kind: 'breaker', role, server: renderAddress(address), use, state, reason });
  };
  const trackerHealth = new ServerHealth(breakers, teller('tracker'), ['read']);
  const health = new ServerHealth(breakers, teller('storage'));
  const trackers = new TrackerClient(pools, settings.trackers, trackerHealth);
  const monitor = new ServerMonitor(
    settings.trackers,
    pools,
    { trackers: trackerHealth, storages: health },
    { intervalMs: settings.clusterViewRefreshMs, timeoutMs: settings.pingTimeoutMs, addressMap },
  );
  const view = new ClusterView(trackers, settings.clusterViewRefreshMs, (snapshot) =>
    monitor.watch(snapshot),
  );
  const cluster: Cluster = {
    trackers,
    storage: new StorageClient(pools),
    storeAnswers: new StoreAnswers(trackers),
    writes: settings,
    groupOrder: new GroupOrder(settings.placement),
    replicaQuestions: new ReplicaQuestions(),
    view,
    monitor,
    health,
    damagedCopies: new DamagedCopies(onEvent),
    readerPauseMs: settings.readerPauseMs,
    onEvent,
  };
  return new FastdfsBlobStore(pools, cluster, settings.segmentSizeBytesMax);
}

class FastdfsBlobStore implements BlobStore {
  readonly #pools: ServerPools;
  readonly #cluster: Cluster;
  readonly #segmentSizeBytesMax: number;

  constructor(pools: ServerPools, cluster: Cluster, segmentSizeBytesMax: number) {
    this.#pools = pools;
    this.#cluster = cluster;
    this.#segmentSizeBytesMax = segmentSizeBytesMax;
  }

  async storeBuffer(content: Buffer, options: StoreOptions): Promise<StoredFile[]> {
    if (options.slaveOf) {
      const slave = { size: content.length, open: () => content };
      return [await storeSlave(this.#cluster, slave, options.slaveOf, options)];
    }
    const segmentSize = options.isOneFile ? content.length : this.#segmentSizeBytesMax;
    return await storeBuffer(this.#cluster, content, segmentSize, options);
  }

  async storeStream(
    content: AsyncIterable<Buffer>,
    size: number,
    options: StoreOptions,
  ): Promise<StoredFile[]> {
    if (options.slaveOf) {
      const slave = { size, open: () => content };
      return [await storeSlave(this.#cluster, slave, options.slaveOf, options)];
    }
    const segmentSize = options.isOneFile ? size : this.#segmentSizeBytesMax;
    return await storeStream(this.#cluster, content, size, segmentSize, options);
  }

  open(
    pieces: Iterable<FilePiece> | AsyncIterable<FilePiece>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Readable> {
    return PieceStream.open(this.#cluster, pieces, signal);
  }

  read(piece: FilePiece, { signal }: { readonly signal: AbortSignal }): Promise<Buffer> {
    return readPiece(this.#cluster, piece, signal);
  }

  delete(fileId: string, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    return deleteFile(this.#cluster, fileId, signal);
  }

  describeFile(fileId: string): FileDescription {
    return describeFile(fileId);
  }

  slaveFileId(name: SlaveName, extension: string): string {
    return slaveFileId(name, extension);
  }

  statFile(
    fileId: string,
    options: { readonly signal: AbortSignal; readonly withCrc32?: boolean },
  ): Promise<FileStat> {
    return statFile(this.#cluster, fileId, options);
  }

  findCopies(
    fileId: string,
    options: { readonly signal: AbortSignal; readonly isOneEnough?: boolean },
  ): Promise<readonly FileCopy[]> {
    return findCopies(this.#cluster, fileId, options);
  }

  openCopy(
    fileId: string,
    server: string,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Readable> {
    return openCopy(this.#cluster, fileId, server, signal);
  }

  clusterState(): Promise<ClusterState> {
    return readClusterState(this.#cluster);
  }

  poolStates(): readonly PoolState[] {
    return this.#pools.states();
  }

  async close(): Promise<void> {
    this.#cluster.view.close();
    this.#cluster.monitor.close();
    this.#pools.close();
  }
}
