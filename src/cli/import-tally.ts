import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { importOutcomes, type RowOutcome } from '../core/import/import-request.ts';
import type { SourceLine } from '../core/import/source-lines.ts';
import { UsageError } from './failures.ts';

/** A row without its key, or with another fate than the usual one. */
export interface ImportProblem {
  readonly outcome: RowOutcome;
  readonly source: string;
  readonly line: number;
  /** Null where the line tells none. */
  readonly key: string | null;
  readonly fileIds: readonly string[];
  /** Null where the outcome says all. */
  readonly problem: string | null;
}

/** Problems of each outcome that a report shows. */
const SAMPLES_MAX = 10;
/** Who knows a file ID may read the file. */
const OWNER_ONLY = 0o600;

const samples = z.array(
  z.object({
    outcome: z.enum(importOutcomes),
    source: z.string(),
    line: z.number(),
    key: z.string().nullable(),
    fileIds: z.array(z.string()),
    problem: z.string().nullable(),
  }),
);

/** How far an import is, and what became of the rows so far. */
export const importState = z.object({
  after: z.object({ key: z.string(), order: z.number().int() }).nullable(),
  rowCount: z.number().int(),
  counts: z.partialRecord(z.enum(importOutcomes), z.number().int()),
  samples,
  problemsSize: z.number().int(),
});
export type ImportState = z.infer<typeof importState>;

export const newImportState: ImportState = {
  ...{ after: null, rowCount: 0, counts: {}, samples: [], problemsSize: 0 },
};

/** Counts of what the sources say, and all problems, in a file where one is given. */
export class ImportTally {
  readonly passedOver = new Map<string, number>();
  lineCount = 0;
  readonly #counts: Partial<Record<RowOutcome, number>>;
  readonly #samples: ImportProblem[];
  readonly #file: number | null;
  #size: number;
  /** Problems of the sources were told when the import began. */
  readonly #isContinued: boolean;

  /** `problemsPath` is written anew, or from where the state says. */
  constructor(state: ImportState, problemsPath: string | null) {
    this.#counts = { ...state.counts };
    this.#samples = [...state.samples];
    this.#isContinued = state.after !== null;
    this.#size = state.problemsSize;
    this.#file = problemsPath === null ? null : openProblems(problemsPath, state.problemsSize);
  }

  get counts(): Readonly<Partial<Record<RowOutcome, number>>> {
    return this.#counts;
  }

  get samples(): readonly ImportProblem[] {
    return this.#samples;
  }

  countOf(outcome: RowOutcome): number {
    return this.#counts[outcome] ?? 0;
  }

  passOver(what: string): void {
    this.passedOver.set(what, (this.passedOver.get(what) ?? 0) + 1);
  }

  malformed({ line, problem, text }: Extract<SourceLine, { kind: 'malformed' }>, source: string) {
    if (this.#isContinued) return;
    this.count('malformed');
    this.tell({
      ...{ outcome: 'malformed', source, line, key: null, fileIds: [] },
      problem: text === '' ? problem : `${problem}: ${text}`,
    });
  }

  count(outcome: RowOutcome): void {
    this.#counts[outcome] = this.countOf(outcome) + 1;
  }

  tell(problem: ImportProblem): void {
    const alike = this.#samples.filter(({ outcome }) => outcome === problem.outcome);
    if (alike.length < SAMPLES_MAX) this.#samples.push(problem);
    if (this.#file === null) return;
    this.#size += writeSync(this.#file, `${JSON.stringify(problem)}\n`);
  }

  /** What a run that goes on needs to know. */
  state(after: ImportState['after'], rowCount: number): ImportState {
    const problems = { samples: [...this.#samples], problemsSize: this.#size };
    return { after, rowCount, counts: { ...this.#counts }, ...problems } as ImportState;
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }
}

function openProblems(path: string, size: number): number {
  try {
    const file = openSync(path, 'a', OWNER_ONLY);
    ftruncateSync(file, size);
    return file;
  } catch (error) {
    throw new UsageError(`--problems ${path} cannot be written: ${(error as Error).message}.`);
  }
}
