/** Files that one reader needs until it has read, or has given up. */
export interface HeldFiles {
  add(fileId: string): void;
  /** Harmless when repeated. */
  release(): void;
}

/**
 * Which of these files are being read by other processes. Rejects when that cannot be known now.
 *
 * A file that is asked for has been in the deletion queue before, so no look-up that comes after
 * the answer finds it any more. A reader that looked it up earlier counts: readers hold a file in
 * the same turn of the event loop in which they looked it up.
 */
export type FindOpenElsewhere = (fileIds: readonly string[]) => Promise<ReadonlySet<string>>;

/**
 * The files that readers of this process need. An object that is overwritten or deleted while a
 * slow client reads it must not lose its files under the reader.
 */
export class OpenFiles {
  readonly #readerCounts = new Map<string, number>();

  hold(): HeldFiles {
    const held = new Set<string>();
    let isReleased = false;
    return {
      add: (fileId) => {
        if (isReleased || held.has(fileId)) return;
        held.add(fileId);
        this.#readerCounts.set(fileId, (this.#readerCounts.get(fileId) ?? 0) + 1);
      },
      release: () => {
        isReleased = true;
        for (const fileId of held) this.#drop(fileId);
        held.clear();
      },
    };
  }

  isOpen(fileId: string): boolean {
    return this.#readerCounts.has(fileId);
  }

  /** Those of these files that have readers. */
  openOf(fileIds: readonly string[]): string[] {
    return fileIds.filter((fileId) => this.#readerCounts.has(fileId));
  }

  /** Files that have readers. */
  get count(): number {
    return this.#readerCounts.size;
  }

  #drop(fileId: string): void {
    const left = (this.#readerCounts.get(fileId) ?? 0) - 1;
    if (left > 0) this.#readerCounts.set(fileId, left);
    else this.#readerCounts.delete(fileId);
  }
}
