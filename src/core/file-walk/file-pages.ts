import type { FileReference } from '../../object-index/file-records.ts';
import { settleAll } from '../../support/settle-all.ts';
import { Pace } from '../pace.ts';
import type { CoreServices } from '../services.ts';

export interface FilePagesOptions {
  /** Only objects and uploads of that bucket; of all when null. */
  readonly bucketId: number | null;
  readonly filesPerSecond: number;
  /** Files that are looked at at the same time. */
  readonly concurrencyMax: number;
  /** References that are passed at once, and lost when the walk is ended meanwhile. */
  readonly pageSizeMax?: number;
  /** Of the first page, when files may take long; others are made to take some seconds each. */
  readonly pageSizeFirst?: number;
  /** Told as files are looked at. */
  readonly onLook?: () => void;
}

/** A page takes about so long, … */
const PAGE_SECONDS = 5;
/** … and has up to so many references. */
const PAGE_SIZE_MAX = 1_000;

export interface FilePage<Look> {
  readonly looks: readonly Look[];
  readonly referenceCount: number;
  /** Of the page behind this one; null when there is none. */
  readonly next: string | null;
}

/** Files that the index refers to, page by page, each looked at once for all references of a page. */
export class FilePages {
  readonly #index: CoreServices['index'];
  readonly #options: FilePagesOptions;
  readonly #pace: Pace;
  readonly #pageSizeMax: number;
  #pageSize: number;

  constructor({ index }: Pick<CoreServices, 'index'>, options: FilePagesOptions) {
    const { filesPerSecond, pageSizeMax = PAGE_SIZE_MAX } = options;
    this.#index = index;
    this.#options = options;
    this.#pace = new Pace(filesPerSecond);
    this.#pageSizeMax = Math.max(
      1,
      Math.min(Math.ceil(filesPerSecond * PAGE_SECONDS), pageSizeMax),
    );
    this.#pageSize = Math.min(options.pageSizeFirst ?? this.#pageSizeMax, this.#pageSizeMax);
  }

  /**
   * Looks at the files of the page at that cursor, null for the first one. Rejects with the signal's
   * reason, or what `look` throws, when no look is under way any more.
   */
  async page<Look>(
    cursor: string | null,
    signal: AbortSignal,
    look: (fileId: string, references: readonly FileReference[]) => Promise<Look>,
  ): Promise<FilePage<Look>> {
    const startMs = performance.now();
    const { bucketId, concurrencyMax, onLook } = this.#options;
    const request = { bucketId, after: cursor, limit: this.#pageSize };
    const { references, next } = await this.#index.listFileReferences(request);
    const looks: Look[] = [];
    const waiting = byFile(references).entries();
    const worker = async () => {
      // The workers share one iterator: each takes the next that none has taken.
      for (const [fileId, found] of waiting) {
        await this.#pace.next(signal);
        looks.push(await look(fileId, found));
        onLook?.();
      }
    };
    await settleAll(Array.from({ length: concurrencyMax }, worker));
    this.#adapt((performance.now() - startMs) / 1000);
    return { looks, referenceCount: references.length, next };
  }

  #adapt(seconds: number): void {
    if (seconds > 2 * PAGE_SECONDS) this.#pageSize = Math.max(1, Math.floor(this.#pageSize / 2));
    else if (seconds < PAGE_SECONDS / 2) {
      this.#pageSize = Math.min(this.#pageSize * 2, this.#pageSizeMax);
    }
  }
}

function byFile(references: readonly FileReference[]): Map<string, FileReference[]> {
  const files = new Map<string, FileReference[]>();
  for (const reference of references) {
    const others = files.get(reference.fileId);
    if (others) others.push(reference);
    else files.set(reference.fileId, [reference]);
  }
  return files;
}

/** Whether anything still refers to a file that was met; it may have been dropped since then. */
export async function isReferenced(
  { index }: Pick<CoreServices, 'index'>,
  fileId: string,
  references: readonly FileReference[],
): Promise<boolean> {
  for (const { bucketId, key } of references) {
    if ((await index.findFileUse(fileId, bucketId, key)) === 'referenced') return true;
  }
  return false;
}
