import { collectDefaultMetrics, Registry } from 'prom-client';
import type { BlobStore } from '../blob-store/blob-store.ts';
import type { Spool } from '../core/spool/spool.ts';
import type { ObjectIndex } from '../object-index/object-index.ts';
import { BackupMetrics } from './backup-metrics.ts';
import { BlobStoreMetrics } from './blob-store-metrics.ts';
import { ClusterMetrics } from './cluster-metrics.ts';
import { Collector } from './collector.ts';
import { ConnectionMetrics } from './connection-metrics.ts';
import { DeletionMetrics } from './deletion-metrics.ts';
import { ExpiryMetrics } from './expiry-metrics.ts';
import { IndexMetrics } from './index-metrics.ts';
import { type MetricsSnapshot, ofWorker } from './metrics-snapshot.ts';
import { ProcessMetrics } from './process-metrics.ts';
import { PurgeMetrics } from './purge-metrics.ts';
import { QueueMetrics } from './queue-metrics.ts';
import { ReplicaMetrics } from './replica-metrics.ts';
import { RequestMetrics } from './request-metrics.ts';
import { SpoolMetrics } from './spool-metrics.ts';

/** What a scrape waits for at most; what is not there by then stands as it was known last. */
const COLLECT_WAIT_MS = 1_000;
/** Counting a queue reads all of it. */
const QUEUE_INTERVAL_MS = 15_000;

export interface MetricsSources {
  readonly index: Pick<
    ObjectIndex,
    'measure' | 'deletionQueueState' | 'countReplicaChecks' | 'listReplicaCheckQueues'
  >;
  readonly blobs: Pick<BlobStore, 'clusterState' | 'poolStates'>;
  readonly spool: Pick<Spool, 'usedBytes' | 'sizeBytesMax'>;
}

/** Everything that `/metrics` tells, in a registry of its own. */
export class GatewayMetrics {
  readonly registry = new Registry();
  readonly requests = new RequestMetrics(this.registry);
  readonly blobStore = new BlobStoreMetrics(this.registry);
  readonly replicas = new ReplicaMetrics(this.registry);
  readonly deletions = new DeletionMetrics(this.registry);
  readonly expiries = new ExpiryMetrics(this.registry);
  readonly backups = new BackupMetrics(this.registry);
  readonly purges = new PurgeMetrics(this.registry);
  readonly processes = new ProcessMetrics(this.registry);
  readonly #connections = new ConnectionMetrics(this.registry);
  readonly #cluster = new ClusterMetrics(this.registry);
  readonly #index = new IndexMetrics(this.registry);
  readonly #spool = new SpoolMetrics(this.registry);
  readonly #queues = new QueueMetrics(this.registry);
  readonly #collectors: Collector[] = [];
  #isWorker = false;

  constructor() {
    // Under the names that dashboards for Node.js know.
    collectDefaultMetrics({ register: this.registry });
  }

  /**
   * Looks at these from now on, whenever somebody asks for metrics. A worker process tells only
   * what its primary does not know as well.
   */
  watch({ index, blobs, spool }: MetricsSources, { isWorker = false } = {}): void {
    this.#isWorker = isWorker;
    this.#collectors.push(
      new Collector(async () => {
        const state = await blobs.clusterState();
        this.#cluster.set({ state, breakers: this.blobStore.breakers });
      }),
      new Collector(async () => this.#connections.set(blobs.poolStates())),
      new Collector(async () => this.#index.set(await index.measure())),
      new Collector(async () => this.#spool.set(spool)),
    );
    if (isWorker) return;
    this.#collectors.push(
      new Collector(async () => {
        this.#queues.setDeletions(await index.deletionQueueState(Date.now()));
      }, QUEUE_INTERVAL_MS),
      new Collector(async () => {
        const waitingCount = await index.countReplicaChecks();
        this.#queues.setReplicaChecks(waitingCount, await index.listReplicaCheckQueues());
      }, QUEUE_INTERVAL_MS),
    );
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** In Prometheus's text format. */
  async render(): Promise<string> {
    await this.#collect();
    return await this.registry.metrics();
  }

  /** To be combined with those of other processes. */
  async snapshot(): Promise<MetricsSnapshot> {
    await this.#collect();
    // The library's type leaves out the names of histograms' series.
    const metrics = (await this.registry.getMetricsAsJSON()) as unknown as MetricsSnapshot;
    return this.#isWorker ? ofWorker(metrics) : metrics;
  }

  async #collect(): Promise<void> {
    await Promise.all(this.#collectors.map((collector) => collector.refresh(COLLECT_WAIT_MS)));
  }
}
