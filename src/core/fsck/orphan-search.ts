import type { CoreServices } from '../services.ts';
import { compareSorted } from './compare-sorted.ts';
import {
  type ListingPlace,
  type PassedOverKind,
  passedOverKinds,
  readListedLine,
} from './listed-line.ts';

/** Any number of texts, each once, in the order of their bytes, kept on the disk. */
export interface TextSorter {
  /** Different texts that were added. */
  readonly count: number;
  add(texts: readonly string[]): void;
  batches(): AsyncIterable<readonly string[]>;
}

export interface OrphanSearchOptions {
  /** Where the paths of the listing are; null when its lines say that themselves. */
  readonly place: ListingPlace | null;
  /** Younger files may belong to writes that are under way. */
  readonly ageMsMin: number;
  /** For working files. */
  readonly directory: string;
}

/** Lines of one kind, and what the first ones look like. */
export interface LineSamples {
  readonly count: number;
  readonly samples: readonly string[];
}

/** What was found in one store path, `group1/M00`. */
export interface PlaceCounts {
  readonly place: string;
  /** Different files that were listed: those below, and those that are too young. */
  readonly fileCount: number;
  readonly knownCount: number;
  readonly youngCount: number;
  readonly orphanCount: number;
  readonly orphanBytes: number;
}

const SAMPLES_MAX = 5;
/** Longer lines are cut in samples. */
const SAMPLE_LENGTH_MAX = 200;
/** Files that are handed on at once. */
const BATCH_SIZE = 1_000;

type SearchServices = Pick<CoreServices, 'index' | 'blobs' | 'now'>;
type SkippedKind = PassedOverKind | 'unplaced' | 'unknown';

/**
 * Finds files in listings of data directories that the index does not know: no object, part,
 * segment or replacement refers to them, and they do not wait for their deletion.
 *
 * Listings are older than what they are compared with. A file that was deleted in between is told
 * as an orphan, which it is not any more; one that is being written is not, for it is too young.
 */
export class OrphanSearch {
  readonly #core: SearchServices;
  readonly #options: OrphanSearchOptions;
  readonly #listed: TextSorter;
  readonly #waiting: string[] = [];
  readonly #skipped = new Map<SkippedKind, { count: number; readonly samples: string[] }>();
  readonly #places = new Map<
    string,
    { -readonly [Name in keyof PlaceCounts]: PlaceCounts[Name] }
  >();
  #lineCount = 0;

  /** `listed` is empty, and for this search alone. */
  constructor(core: SearchServices, listed: TextSorter, options: OrphanSearchOptions) {
    this.#core = core;
    this.#listed = listed;
    this.#options = options;
  }

  /** Lines that were read, but for empty ones. */
  get lineCount(): number {
    return this.#lineCount;
  }

  /** Different files among them that a gateway may have stored. */
  get fileCount(): number {
    return this.#listed.count + this.#waiting.length;
  }

  /** Store paths that the listings told of, in order. Complete after `compare`. */
  get places(): readonly PlaceCounts[] {
    return [...this.#places.values()].sort((one, other) => (one.place < other.place ? -1 : 1));
  }

  /** Lines that name no file that is looked for, by kind. */
  skipped(kind: SkippedKind): LineSamples {
    return this.#skipped.get(kind) ?? { count: 0, samples: [] };
  }

  get passedOver(): readonly (LineSamples & { readonly kind: PassedOverKind })[] {
    return passedOverKinds
      .map((kind) => ({ kind, ...this.skipped(kind) }))
      .filter(({ count }) => count > 0);
  }

  /** Takes the next line of a listing. */
  take(line: string): void {
    if (line === '') return;
    this.#lineCount += 1;
    const read = readListedLine(line, this.#options.place, this.#core.blobs);
    if (read.kind !== 'file') {
      this.#skip(read.kind, line);
      return;
    }
    this.#waiting.push(read.fileId);
    if (this.#waiting.length >= BATCH_SIZE) this.#sortWaiting();
  }

  /**
   * Hands on orphans, in order of their file IDs, some at a time. To be called once. `onCompared` is
   * told of listed files that were looked at.
   */
  async *compare(
    signal: AbortSignal,
    onCompared: (count: number) => void = () => {},
  ): AsyncGenerator<readonly string[], void, void> {
    this.#sortWaiting();
    // The index is read after the listings, so that it knows what was written before them.
    const used = this.#core.index.listUsedFiles(this.#options.directory);
    const youngestMs = this.#core.now() - this.#options.ageMsMin;
    let orphans: string[] = [];
    for await (const listed of compareSorted(this.#listed.batches(), used)) {
      signal.throwIfAborted();
      for (const { text: fileId, isFound } of listed) {
        if (this.#count(fileId, isFound, youngestMs)) orphans.push(fileId);
      }
      onCompared(listed.length);
      if (orphans.length < BATCH_SIZE) continue;
      yield orphans;
      orphans = [];
    }
    if (orphans.length > 0) yield orphans;
  }

  /** Whether it is an orphan. */
  #count(fileId: string, isKnown: boolean, youngestMs: number): boolean {
    const { storedAtMs, content } = this.#core.blobs.describeFile(fileId);
    const counts = this.#countsOf(fileId);
    counts.fileCount += 1;
    if (isKnown) counts.knownCount += 1;
    else if (storedAtMs > youngestMs) counts.youngCount += 1;
    else {
      counts.orphanCount += 1;
      counts.orphanBytes += content?.size ?? 0;
      return true;
    }
    return false;
  }

  #countsOf(fileId: string): { -readonly [Name in keyof PlaceCounts]: PlaceCounts[Name] } {
    const place = placeOf(fileId);
    const known = this.#places.get(place);
    if (known) return known;
    const counts = {
      ...{ place, fileCount: 0, knownCount: 0, youngCount: 0, orphanCount: 0, orphanBytes: 0 },
    };
    this.#places.set(place, counts);
    return counts;
  }

  #sortWaiting(): void {
    this.#listed.add(this.#waiting);
    this.#waiting.length = 0;
  }

  #skip(kind: SkippedKind, line: string): void {
    const known = this.#skipped.get(kind) ?? { count: 0, samples: [] };
    known.count += 1;
    if (known.samples.length < SAMPLES_MAX) known.samples.push(line.slice(0, SAMPLE_LENGTH_MAX));
    this.#skipped.set(kind, known);
  }
}

/** Group and store path of a file ID, `group1/M00`. */
export function placeOf(fileId: string): string {
  return fileId.slice(0, fileId.indexOf('/') + 'M00'.length + 1);
}
