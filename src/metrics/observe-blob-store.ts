import type { BlobStoreEvent } from '../blob-store/blob-store.ts';
import type { Logger } from '../support/logger.ts';
import { dispatchEvents } from './blob-store-events.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { logBlobStoreEvents } from './log-blob-store-events.ts';

/** Counts and logs what the blob store tells. */
export function blobStoreObserver(
  metrics: GatewayMetrics,
  logger: Logger,
): (event: BlobStoreEvent) => void {
  return dispatchEvents([metrics.blobStore.handlers, logBlobStoreEvents(logger)], (error) =>
    logger.error({ err: error }, 'an event of the blob store could not be noted'),
  );
}
