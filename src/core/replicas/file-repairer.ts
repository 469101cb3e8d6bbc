import type {
  FileReferencesPage,
  RepointFileOutcome,
  RepointFileRequest,
} from '../../object-index/file-requests.ts';
import { Turnstile } from '../../support/turnstile.ts';
import type { CoreServices } from '../services.ts';
import { mayHaveCommitted, type StoredFiles } from '../stored-files.ts';
import { copyFile, type NewCopy, waitForSecondCopy } from './copy-file.ts';

interface Location {
  readonly bucketId: number;
  readonly key: string;
}

export interface RepairRequest {
  readonly fileId: string;
  /** Keys that are known to refer to it; at least one. */
  readonly locations: readonly Location[];
  readonly signal: AbortSignal;
}

/**
 * - `repaired`: `remainingCount` objects under other keys still refer to the old file.
 * - `not-needed`: nothing refers to the file any more, as far as was looked.
 */
export type RepairOutcome =
  | { readonly outcome: 'repaired'; readonly newFileId: string; readonly remainingCount: number }
  | { readonly outcome: 'not-needed' }
  | { readonly outcome: 'failed'; readonly problem: string };

type MoveOutcome = Exclude<RepairOutcome, { outcome: 'failed' }>;

export interface FileRepairerOptions {
  /** Whether objects that were copied to other keys are looked for in the whole index. */
  readonly searchesIndex: boolean;
  /** Files copied at a time. */
  readonly transfersMax?: number;
  /**
   * How long the new file may take to reach a second storage server. A FastDFS that is set up to
   * write its change log once a minute takes a minute.
   */
  readonly waitMs?: number;
}

/** References that are looked at, and changed, in one go. */
const WALK_PAGE_SIZE = 2_000;

/**
 * Stores files anew and lets all that refers to the old ones refer to the new ones. Nothing points
 * to a new file before two storage servers have it; a new file that is of no use is queued for
 * deletion, as is an old one that nothing needs any more. Files that people know by their IDs stay as
 * they are: another one would not have that ID.
 */
export class FileRepairer {
  readonly #core: CoreServices;
  readonly #searchesIndex: boolean;
  readonly #waitMs: number;
  readonly #transfers: Turnstile;
  readonly #walks = new Turnstile(1);

  constructor(core: CoreServices, options: FileRepairerOptions) {
    this.#core = core;
    this.#searchesIndex = options.searchesIndex;
    this.#waitMs = options.waitMs ?? 150_000;
    this.#transfers = new Turnstile(options.transfersMax ?? 4);
  }

  /** Rejects with the signal's reason only. */
  async repair(request: RepairRequest): Promise<RepairOutcome> {
    const { signal } = request;
    try {
      return await this.#repair(request);
    } catch (error) {
      signal.throwIfAborted();
      return { outcome: 'failed', problem: error instanceof Error ? error.message : String(error) };
    }
  }

  async #repair(request: RepairRequest): Promise<RepairOutcome> {
    const { fileId } = request;
    if ((await this.#useOf(request)) === 'queued') return { outcome: 'not-needed' };
    if ((await this.#core.index.findNamedFile(fileId)) !== null) {
      const problem = 'it is known by its ID, which no other file can have';
      return { outcome: 'failed', problem };
    }
    const replacement = await this.#core.index.findReplacement(fileId);
    if (replacement !== null) {
      // It had two copies when it was made, which may be long ago; the old file goes with this.
      await waitForSecondCopy(this.#core, replacement, this.#waitMs, request.signal);
      return await this.#moveAll(request, replacement, null);
    }
    const copy = await this.#storeAnew(request);
    try {
      return await this.#moveAll(request, copy.fileId, copy.files);
    } finally {
      await copy.files.discard();
    }
  }

  async #useOf({ fileId, locations }: RepairRequest) {
    const [{ bucketId, key } = { bucketId: 0, key: '' }] = locations;
    return await this.#core.index.findFileUse(fileId, bucketId, key);
  }

  async #storeAnew({ fileId, signal }: RepairRequest): Promise<NewCopy> {
    const copy = await this.#transfers.run(async () => {
      signal.throwIfAborted();
      return await copyFile(this.#core, fileId, signal);
    });
    try {
      await waitForSecondCopy(this.#core, copy.fileId, this.#waitMs, signal);
      return copy;
    } catch (error) {
      await copy.files.discard();
      throw error;
    }
  }

  /** `files` is the new file as long as nothing refers to it. */
  async #moveAll(
    request: RepairRequest,
    newFileId: string,
    files: StoredFiles | null,
  ): Promise<RepairOutcome> {
    const { fileId: oldFileId, locations } = request;
    const known = await this.#move({ oldFileId, newFileId, locations }, files);
    if (!this.#searchesIndex || (known.outcome === 'repaired' && known.remainingCount === 0)) {
      return known;
    }
    if (known.outcome === 'not-needed' && (await this.#useOf(request)) === 'queued') return known;
    const usedFileId = known.outcome === 'repaired' ? known.newFileId : newFileId;
    return await this.#walks.run(() => this.#moveFound(request, usedFileId, files, known));
  }

  /**
   * Walks through the references of the index until none to the old file is left, and moves those
   * of one page at a time: a file may have a million copies, and other writes wait meanwhile.
   */
  async #moveFound(
    { fileId: oldFileId, signal }: RepairRequest,
    newFileId: string,
    files: StoredFiles | null,
    known: MoveOutcome,
  ): Promise<MoveOutcome> {
    let outcome = known;
    let after: string | null = null;
    do {
      signal.throwIfAborted();
      const request = { bucketId: null, after, limit: WALK_PAGE_SIZE };
      const page: FileReferencesPage = await this.#core.index.listFileReferences(request);
      after = page.next;
      const locations = page.references.filter(({ fileId }) => fileId === oldFileId);
      if (locations.length === 0) continue;
      const used = outcome.outcome === 'repaired' ? outcome.newFileId : newFileId;
      const moved = await this.#move({ oldFileId, newFileId: used, locations }, files);
      if (moved.outcome === 'not-needed') continue;
      outcome = moved;
      if (moved.remainingCount === 0) break;
    } while (after !== null);
    return outcome;
  }

  /** The new file is kept from the first reference on, whatever fails later. */
  async #move(request: RepointFileRequest, files: StoredFiles | null): Promise<MoveOutcome> {
    let result: RepointFileOutcome;
    files?.requireRecent();
    try {
      result = await this.#core.index.repointFile(request);
    } catch (error) {
      if (mayHaveCommitted(error)) files?.leave(error);
      throw error;
    }
    const { newFileId } = request;
    if (result.outcome === 'repointed') {
      files?.keep();
      return { outcome: 'repaired', newFileId, remainingCount: result.remainingCount };
    }
    if (result.outcome === 'not-referenced') return { outcome: 'not-needed' };
    // By somebody who repairs the same file.
    return await this.#move({ ...request, newFileId: result.newFileId }, null);
  }
}
