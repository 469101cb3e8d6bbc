import type { CoreServices } from '../services.ts';
import { placeOf } from './orphan-search.ts';

/** Files that are queued in one transaction. */
const BATCH_SIZE = 500;

export interface QueueOrphansOptions {
  /** Store paths (`group1/M00`) whose files are left alone. */
  readonly leftAlone: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** What became of some orphans. */
export interface OrphanFates {
  readonly queued: readonly string[];
  /** Something refers to them, or they are queued: they are no orphans any more. */
  readonly needed: readonly string[];
  readonly leftAlone: readonly string[];
}

/**
 * Queues orphans for deletion, batch by batch, and tells of each batch. They must be what
 * `OrphanSearch` found with an age of `orphanAgeMsMin` or more, however long ago: see the index's
 * `queueOrphans`. Rejects with `IndexError` or the signal's reason; what was told of is done.
 */
export async function* queueOrphans(
  { index, now, settings }: Pick<CoreServices, 'index' | 'now' | 'settings'>,
  orphans: AsyncIterable<readonly string[]>,
  { leftAlone, signal }: QueueOrphansOptions,
): AsyncGenerator<OrphanFates, void, void> {
  for await (const found of orphans) {
    for (let start = 0; start < found.length; start += BATCH_SIZE) {
      signal.throwIfAborted();
      const batch = found.slice(start, start + BATCH_SIZE);
      const isLeftAlone = (fileId: string) => leftAlone.has(placeOf(fileId));
      const asked = batch.filter((fileId) => !isLeftAlone(fileId));
      const { neededFileIds } = await index.queueOrphans(asked, now() + settings.deleteDelayMs);
      const needed = new Set(neededFileIds);
      yield {
        queued: asked.filter((fileId) => !needed.has(fileId)),
        needed: neededFileIds,
        leftAlone: batch.filter(isLeftAlone),
      };
    }
  }
}
