import { createHash } from 'node:crypto';
import { contentOf, type SentContent } from './content.ts';

/** A bucket of its own, whose objects grow and change their keys. */
export const LOG_BUCKET = 'crash-logs';

const KEYS_PER_SHELF = 5;

/** What was appended to an object, one after the other; nothing where there is no object. */
export type Pieces = readonly SentContent[];

/** What one request makes of keys, all of it or nothing. */
export interface LogChange {
  readonly operation: string;
  readonly after: ReadonlyMap<string, Pieces>;
}

/** Keys of one client, to which nobody else writes: each change begins with what is known. */
export class LogShelf {
  readonly keys: readonly string[];
  readonly #held = new Map<string, Pieces>();
  readonly #open = new Set<LogChange>();

  constructor(client: number) {
    this.keys = Array.from({ length: KEYS_PER_SHELF }, (_, number) => `log-${client}/${number}`);
  }

  heldOf(key: string): Pieces {
    return this.#held.get(key) ?? [];
  }

  /** Changes that were sent and not answered. */
  get openChanges(): readonly LogChange[] {
    return [...this.#open];
  }

  /** Keys of which it is known what they hold. */
  get settledKeys(): string[] {
    return this.keys.filter((key) => !this.openChanges.some(({ after }) => after.has(key)));
  }

  begin(change: LogChange): void {
    this.#open.add(change);
  }

  /** It has happened, or surely not. */
  end(change: LogChange, hasHappened: boolean): void {
    this.#open.delete(change);
    if (!hasHappened) return;
    for (const [key, pieces] of change.after) this.#held.set(key, pieces);
  }
}

/** The shelves of all clients, by their numbers, from round to round. */
export class LogBook {
  readonly #shelves = new Map<number, LogShelf>();

  shelfOf(client: number): LogShelf {
    const shelf = this.#shelves.get(client) ?? new LogShelf(client);
    this.#shelves.set(client, shelf);
    return shelf;
  }

  get shelves(): readonly LogShelf[] {
    return [...this.#shelves.values()];
  }
}

export function sizeOfPieces(pieces: Pieces): number {
  return pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Hex; null for no object. */
export function md5OfPieces(pieces: Pieces): string | null {
  if (pieces.length === 0) return null;
  const md5 = createHash('md5');
  for (const { tag, sizeBytes } of pieces) md5.update(contentOf(tag, sizeBytes));
  return md5.digest('hex');
}
