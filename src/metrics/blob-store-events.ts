import type { BlobStoreEvent } from '../blob-store/blob-store.ts';

/** What to do for each kind of event; a new kind must be dealt with before this compiles. */
export type BlobStoreEventHandlers = {
  readonly [Kind in BlobStoreEvent['kind']]: (
    event: Extract<BlobStoreEvent, { readonly kind: Kind }>,
  ) => void;
};

/**
 * Hands events to all subscribers. What one of them throws is told to `onFailure`: a broken counter
 * must not fail the request that it counts.
 */
export function dispatchEvents(
  subscribers: readonly BlobStoreEventHandlers[],
  onFailure: (error: unknown) => void,
): (event: BlobStoreEvent) => void {
  return (event) => {
    for (const handlers of subscribers) {
      try {
        // The table has a handler for exactly this kind, which TypeScript cannot follow.
        (handlers[event.kind] as (event: BlobStoreEvent) => void)(event);
      } catch (error) {
        onFailure(error);
      }
    }
  };
}
