import { Gauge, type Registry } from 'prom-client';
import type { DeletionQueueState, ReplicaCheckQueue } from '../object-index/file-records.ts';

/** Work that waits in the index for the background. */
export class QueueMetrics {
  readonly #queued: Gauge;
  readonly #failing: Gauge;
  readonly #oldest: Gauge;
  readonly #replicaChecks: Gauge;
  readonly #oldestReplicaCheck: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['group'];
    this.#queued = new Gauge({
      aggregator: 'first',
      name: 'fastdfs_s3_deletion_queue_files',
      help: 'Files that no key needs any more and that are to be deleted from FastDFS.',
      labelNames,
      registers,
    });
    this.#failing = new Gauge({
      aggregator: 'first',
      name: 'fastdfs_s3_deletion_queue_failing_files',
      help: 'Of these, files that could not be deleted at some attempt.',
      labelNames,
      registers,
    });
    this.#oldest = new Gauge({
      aggregator: 'first',
      name: 'fastdfs_s3_deletion_queue_oldest_timestamp_seconds',
      help: 'When the oldest of these files was queued.',
      labelNames,
      registers,
    });
    this.#replicaChecks = new Gauge({
      aggregator: 'first',
      name: 'fastdfs_s3_replica_checks_waiting',
      help: 'New files whose replicas are still to be looked for.',
      registers,
    });
    this.#oldestReplicaCheck = new Gauge({
      aggregator: 'first',
      name: 'fastdfs_s3_replica_checks_oldest_due_timestamp_seconds',
      help: 'When the first of these files was, or will be, to be looked for.',
      labelNames,
      registers,
    });
  }

  /** Groups without a queue have no series. */
  setDeletions(groups: readonly DeletionQueueState[]): void {
    for (const gauge of [this.#queued, this.#failing, this.#oldest]) gauge.reset();
    for (const { groupName: group, queuedCount, failingCount, oldestQueuedAtMs } of groups) {
      this.#queued.set({ group }, queuedCount);
      this.#failing.set({ group }, failingCount);
      this.#oldest.set({ group }, oldestQueuedAtMs / 1000);
    }
  }

  setReplicaChecks(waitingCount: number, queues: readonly ReplicaCheckQueue[]): void {
    this.#replicaChecks.set(waitingCount);
    this.#oldestReplicaCheck.reset();
    for (const { groupName: group, oldestDueMs } of queues) {
      this.#oldestReplicaCheck.set({ group }, oldestDueMs / 1000);
    }
  }
}
