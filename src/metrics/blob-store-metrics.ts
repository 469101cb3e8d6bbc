import { Counter, Histogram, type Registry } from 'prom-client';
import type { BlobStoreEvent } from '../blob-store/blob-store.ts';
import type { BlobStoreEventHandlers } from './blob-store-events.ts';

/** Replication takes under a second on a healthy cluster, and up to a minute on a badly set one. */
const REPLICA_WAIT_BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const outcomes = ['confirmed', 'accepted', 'failed'] as const;
const directions = ['upload', 'download'] as const;

type Breaker = Extract<BlobStoreEvent, { kind: 'breaker' }>;

/** Counts what the blob store tells. Which server and file it was is in the log, not in labels. */
export class BlobStoreMetrics {
  readonly handlers: BlobStoreEventHandlers;
  readonly #breakers = new Map<string, Breaker>();

  constructor(registry: Registry) {
    const registers = [registry];
    const failovers = new Counter({
      name: 'fastdfs_s3_failovers_total',
      help: 'Requests to FastDFS that went on to another storage server.',
      labelNames: ['command'],
      registers,
    });
    const breakerChanges = new Counter({
      name: 'fastdfs_s3_breaker_changes_total',
      help: 'Changes of the circuit breakers of trackers and storage servers.',
      labelNames: ['role', 'use', 'state'],
      registers,
    });
    const replicaWait = new Histogram({
      name: 'fastdfs_s3_replica_wait_seconds',
      help: 'How long uploads waited for their replicas.',
      labelNames: ['outcome'],
      buckets: REPLICA_WAIT_BUCKETS_SECONDS,
      registers,
    });
    const checksumMismatches = new Counter({
      name: 'fastdfs_s3_checksum_mismatches_total',
      help: 'Files whose size or CRC-32 were not those of their file ID.',
      labelNames: ['direction'],
      registers,
    });
    const connectionsClosed = new Counter({
      name: 'fastdfs_s3_connections_closed_total',
      help: 'Connections to trackers and storage servers that were closed.',
      labelNames: ['reason'],
      registers,
    });
    // A first mismatch must be seen as a step from 0, not as a series that begins at 1.
    for (const outcome of outcomes) replicaWait.zero({ outcome });
    for (const direction of directions) checksumMismatches.inc({ direction }, 0);
    this.handlers = {
      failover: ({ command }) => failovers.inc({ command }),
      breaker: (event) => {
        const { role, use, state } = event;
        breakerChanges.inc({ role, use, state });
        this.#breakers.set(`${event.server} ${role} ${use}`, event);
      },
      'replica-wait': ({ outcome, durationMs }) =>
        replicaWait.observe({ outcome }, durationMs / 1000),
      'checksum-mismatch': ({ direction }) => checksumMismatches.inc({ direction }),
      'connection-closed': ({ reason }) => connectionsClosed.inc({ reason }),
    };
  }

  /** The last change of each breaker that ever changed. */
  get breakers(): Iterable<Breaker> {
    return this.#breakers.values();
  }
}
