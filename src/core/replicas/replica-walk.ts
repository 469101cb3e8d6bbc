import { BlobStoreError, type FileCopy } from '../../blob-store/blob-store.ts';
import type { FileReference } from '../../object-index/records.ts';
import { settleAll } from '../../support/settle-all.ts';
import type { CoreServices } from '../services.ts';
import { FileRepairer, type FileRepairerOptions } from './file-repairer.ts';
import { judgeCopies, type ReplicaVerdict } from './judge-copies.ts';
import { Pace } from './pace.ts';
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

/** A page takes about so long, … */
const PAGE_SECONDS = 5;
/** … and has up to so many references. */
const PAGE_SIZE_MAX = 1_000;
const CONCURRENCY_MAX = 8;

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
  readonly #pace: Pace;

  constructor(core: CoreServices, options: ReplicaWalkOptions) {
    this.#core = core;
    this.#options = options;
    // References under other keys are met later in the walk.
    this.#repairer = new FileRepairer(core, { searchesIndex: false, ...options.repairer });
    this.#pace = new Pace(options.filesPerSecond);
  }

  /**
   * The next page. Rejects with the signal's reason, when nothing is under way any more: the page is
   * to be done again then.
   */
  async step(state: ReplicaWalkState, signal: AbortSignal): Promise<ReplicaWalkState> {
    const { bucketId, filesPerSecond, pageSizeMax = PAGE_SIZE_MAX } = this.#options;
    const limit = Math.max(1, Math.min(Math.ceil(filesPerSecond * PAGE_SECONDS), pageSizeMax));
    const request = { bucketId, after: state.cursor, limit };
    const page = await this.#core.index.listFileReferences(request);
    const looked = await this.#lookAtAll(page.references, signal);
    const findings = (await settleAll(looked.map((file) => this.#settle(file, signal)))).filter(
      (finding) => finding !== null,
    );
    const verdictCounts = { ...state.verdictCounts };
    for (const { verdict } of looked) verdictCounts[verdict] += 1;
    return {
      cursor: page.next,
      isFinished: page.next === null,
      referenceCount: state.referenceCount + page.references.length,
      fileCount: state.fileCount + looked.length,
      verdictCounts,
      youngCount: state.youngCount + looked.filter(({ isYoung }) => isYoung).length,
      ...withFindings(state, findings),
    };
  }

  async #lookAtAll(
    references: readonly FileReference[],
    signal: AbortSignal,
  ): Promise<readonly LookedAt[]> {
    const byFile = new Map<string, FileReference[]>();
    for (const reference of references) {
      const others = byFile.get(reference.fileId);
      if (others) others.push(reference);
      else byFile.set(reference.fileId, [reference]);
    }
    const looked: LookedAt[] = [];
    const waiting = byFile.entries();
    const worker = async () => {
      // The workers share one iterator: each takes the next that none has taken.
      for (const [fileId, found] of waiting) {
        await this.#pace.next(signal);
        looked.push({ references: found, ...(await this.#lookAt(fileId, signal)) });
        this.#options.onLook?.();
      }
    };
    await settleAll(Array.from({ length: CONCURRENCY_MAX }, worker));
    return looked;
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
    if (verdict === 'missing') return (await this.#isReferenced(file)) ? finding : null;
    if (!this.#options.repairs) return finding;
    const { fileId, references: locations } = file;
    const result = await this.#repairer.repair({ fileId, locations, signal });
    if (result.outcome === 'not-needed') return null;
    if (result.outcome === 'failed')
      return { ...finding, action: 'failed', problem: result.problem };
    const { newFileId, remainingCount } = result;
    return { ...finding, action: 'repaired', newFileId, remainingCount };
  }

  /** It may have been dropped, and deleted, since its page was read. */
  async #isReferenced({ fileId, references }: LookedAt): Promise<boolean> {
    for (const { bucketId, key } of references) {
      const use = await this.#core.index.findFileUse(fileId, bucketId, key);
      if (use === 'referenced') return true;
    }
    return false;
  }
}
