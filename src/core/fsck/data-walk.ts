import type { FileReference } from '../../object-index/file-records.ts';
import { FilePages, type FilePagesOptions, isReferenced } from '../file-walk/file-pages.ts';
import type { CoreServices } from '../services.ts';
import { type DataVerdict, FileCheck, type FileCheckOptions, type FileLook } from './file-check.ts';
import type { Finding } from './findings.ts';

export interface DataWalkOptions
  extends Pick<FilePagesOptions, 'bucketId' | 'filesPerSecond' | 'pageSizeMax' | 'onLook'>,
    FileCheckOptions {}

/** How far a walk has come and what it has met; plain values, for a file. */
export interface DataWalkState {
  /** Of the next page; null before the first one and after the last one. */
  readonly cursor: string | null;
  readonly isFinished: boolean;
  readonly referenceCount: number;
  readonly fileCount: number;
  /** Files, by what was found of them. */
  readonly verdictCounts: Readonly<Record<DataVerdict, number>>;
  readonly bytesRead: number;
}

export const newDataWalkState: DataWalkState = {
  ...{ cursor: null, isFinished: false, referenceCount: 0, fileCount: 0, bytesRead: 0 },
  verdictCounts: {
    ...{ sound: 0, missing: 0, damaged: 0, 'wrong-range': 0, 'copy-damaged': 0, unknown: 0 },
  },
};

/** A page is done again when the walk is ended in its middle; with reading it may be long. */
const READ_PAGE_SIZE_FIRST = 16;
const CONCURRENCY_MAX = 8;
const READ_CONCURRENCY_MAX = 4;

/** Looks at every file that the index refers to. */
export class DataWalk {
  readonly #core: CoreServices;
  readonly #check: FileCheck;
  readonly #pages: FilePages;

  constructor(core: CoreServices, options: DataWalkOptions) {
    this.#core = core;
    this.#check = new FileCheck(core, options);
    const reads = options.level !== 'ask';
    this.#pages = new FilePages(core, {
      ...options,
      concurrencyMax: reads ? READ_CONCURRENCY_MAX : CONCURRENCY_MAX,
      ...(reads && { pageSizeFirst: READ_PAGE_SIZE_FIRST }),
    });
  }

  /** The next page. Rejects with the signal's reason: the page is to be done again then. */
  async step(
    state: DataWalkState,
    signal: AbortSignal,
  ): Promise<{ readonly state: DataWalkState; readonly added: readonly Finding[] }> {
    const page = await this.#pages.page(state.cursor, signal, async (fileId, references) => {
      const look = await this.#check.look(fileId, references, signal);
      return { look, ...(await this.#judge(fileId, references, look)) };
    });
    const verdictCounts = { ...state.verdictCounts };
    for (const { verdict } of page.looks) if (verdict !== null) verdictCounts[verdict] += 1;
    const bytesRead = page.looks.reduce((sum, { look }) => sum + look.bytesRead, 0);
    return {
      state: {
        cursor: page.next,
        isFinished: page.next === null,
        referenceCount: state.referenceCount + page.referenceCount,
        fileCount: state.fileCount + page.looks.length,
        verdictCounts,
        bytesRead: state.bytesRead + bytesRead,
      },
      added: page.looks.map(({ finding }) => finding).filter((finding) => finding !== null),
    };
  }

  /** Nothing is told of a file that was dropped since its page was read; it may be deleted now. */
  async #judge(
    fileId: string,
    references: readonly FileReference[],
    look: FileLook,
  ): Promise<{ readonly verdict: DataVerdict | null; readonly finding: Finding | null }> {
    const { verdict } = look;
    const kind = dataFindingKinds[verdict];
    if (kind === null) return { verdict, finding: null };
    if (!(await isReferenced(this.#core, fileId, references))) {
      return { verdict: null, finding: null };
    }
    return { verdict, finding: toFinding(kind, fileId, references, look) };
  }
}

/** What findings of each verdict are; null for what is nothing to find. */
export const dataFindingKinds: Record<DataVerdict, Pick<Finding, 'kind' | 'severity'> | null> = {
  sound: null,
  missing: { kind: 'file-missing', severity: 'severe' },
  damaged: { kind: 'file-damaged', severity: 'severe' },
  'wrong-range': { kind: 'file-range-wrong', severity: 'error' },
  'copy-damaged': { kind: 'file-copy-damaged', severity: 'warning' },
  unknown: null,
};

function toFinding(
  kind: Pick<Finding, 'kind' | 'severity'>,
  fileId: string,
  references: readonly FileReference[],
  { problem }: FileLook,
): Finding {
  const [first] = references;
  const others = references.length > 1 ? `; ${references.length - 1} more references` : '';
  return {
    ...kind,
    where: {
      ...(first && { bucketId: first.bucketId, key: first.key }),
      ...(first?.uploadId != null && { uploadId: first.uploadId }),
      fileId,
    },
    problem: `${fileId} ${problem}${others}`,
    repair: 'impossible',
  };
}
