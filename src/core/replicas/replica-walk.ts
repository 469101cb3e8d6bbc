import { BlobStoreError, type FileCopy } from '../../blob-store/blob-store.ts';
import type { FileReference } from '../../object-index/file-records.ts';
import { settleAll } from '../../support/settle-all.ts';
import { FilePages, isReferenced } from '../file-walk/file-pages.ts';
import type { CoreServices } from '../services.ts';
import { FileRepairer, type FileRepairerOptions } from './file-repairer.ts';
import { judgeCopies, type ReplicaVerdict } from './judge-copies.ts';
import { type ReplicaFinding, type ReplicaWalkState, withFindings } from './walk-state.ts';

export interface ReplicaWalkOptions {
  /** Only objects and uploads of that bucket; of all when null. */
  readonly bucketId: number | null;
  /** Whether files with too few good copies are stored anew. */
  readonly repairs: boolean;
  readonly filesPerSecond: number;
  /** Younger files may have replicas on their way, and are left alone. */
  readonly repairAfterMs: number;
  /** Told as files are looked at. */
  readonly onLook?: () => void;
  /** References that are passed at once, and lost when the walk is ended meanwhile. */
  readonly pageSizeMax?: number;
  readonly repairer?: Pick<FileRepairerOptions, 'waitMs' | 'transfersMax'>;
}

const CONCURRENCY_MAX = 8;

export interface ReplicaWalkStep {
  readonly state: ReplicaWalkState;
  /** What this page added to the findings that are kept. */
  readonly added: readonly ReplicaFinding[];
}

/** One file of a page. */
interface LookedAt {
  readonly fileId: string;
  readonly references: readonly FileReference[];
  readonly verdict: ReplicaVerdict;
  readonly copies: readonly FileCopy[];
  readonly problem: string | null;
  readonly isYoung: boolean;
}

/** Asks the storage servers for every file that the index refers to. */
export class ReplicaWalk {
  readonly #core: CoreServices;
  readonly #options: ReplicaWalkOptions;
  readonly #repairer: FileRepairer;
  readonly #pages: FilePages;

  constructor(core: CoreServices, options: ReplicaWalkOptions) {
    this.#core = core;
    this.#options = options;
    // References under other keys are met later in the walk.
    this.#repairer = new FileRepairer(core, { searchesIndex: false, ...options.repairer });
    this.#pages = new FilePages(core, { ...options, concurrencyMax: CONCURRENCY_MAX });
  }

  /**
   * The next page. Rejects with the signal's reason, when nothing is under way any more: the page is
   * to be done again then.
   */
  async step(state: ReplicaWalkState, signal: AbortSignal): Promise<ReplicaWalkStep> {
    const page = await this.#pages.page<LookedAt>(
      state.cursor,
      signal,
      async (fileId, references) => ({ references, ...(await this.#lookAt(fileId, signal)) }),
    );
    const settled = page.looks.map((file) => this.#settle(file, signal));
    const added = (await settleAll(settled)).filter((finding) => finding !== null);
    const verdictCounts = { ...state.verdictCounts };
    for (const { verdict } of page.looks) verdictCounts[verdict] += 1;
    const next = {
      cursor: page.next,
      isFinished: page.next === null,
      referenceCount: state.referenceCount + page.referenceCount,
      fileCount: state.fileCount + page.looks.length,
      verdictCounts,
      youngCount: state.youngCount + page.looks.filter(({ isYoung }) => isYoung).length,
    };
    const folded = withFindings(state, added);
    const kept = new Set(folded.findings.map(({ fileId }) => fileId));
    return {
      state: { ...next, ...folded },
      added: added.filter(({ fileId }) => kept.has(fileId)),
    };
  }

  async #lookAt(fileId: string, signal: AbortSignal): Promise<Omit<LookedAt, 'references'>> {
    const { blobs, now } = this.#core;
    try {
      const ageMs = now() - blobs.describeFile(fileId).storedAtMs;
      const copies = await blobs.findCopies(fileId, { signal });
      const verdict = judgeCopies(copies);
      const isLate = ageMs >= this.#options.repairAfterMs;
      const isYoung = !isLate && (verdict === 'single-copy' || verdict === 'partial');
      return { fileId, verdict, copies, problem: null, isYoung };
    } catch (error) {
      signal.throwIfAborted();
      const problem = error instanceof Error ? error.message : String(error);
      const isMissing = error instanceof BlobStoreError && error.reason === 'not-found';
      const verdict = isMissing ? 'missing' : 'unknown';
      return { fileId, verdict, copies: [], problem, isYoung: false };
    }
  }

  /** Null when there is nothing to tell of the file. */
  async #settle(file: LookedAt, signal: AbortSignal): Promise<ReplicaFinding | null> {
    const { isYoung, ...found } = file;
    const { verdict } = file;
    if (verdict === 'whole' || verdict === 'unknown' || isYoung) return null;
    const finding: ReplicaFinding = {
      ...found,
      referenceCount: file.references.length,
      ...{ action: 'none', newFileId: null, remainingCount: 0 },
    };
    if (verdict === 'missing') {
      return (await isReferenced(this.#core, file.fileId, file.references)) ? finding : null;
    }
    if (!this.#options.repairs) return finding;
    const { fileId, references: locations } = file;
    const result = await this.#repairer.repair({ fileId, locations, signal });
    if (result.outcome === 'not-needed') return null;
    if (result.outcome === 'failed')
      return { ...finding, action: 'failed', problem: result.problem };
    const { newFileId, remainingCount } = result;
    return { ...finding, action: 'repaired', newFileId, remainingCount };
  }
}
