import { z } from 'zod';

import type { DataWalkState } from '../core/fsck/data-walk.ts';
import type { Finding } from '../core/fsck/findings.ts';
import type { ReplicaFinding, ReplicaWalkState } from '../core/replicas/walk-state.ts';
import type { WalkFile } from '../support/walk-file.ts';

export interface WalkShapes<State, Found> {
  readonly state: z.ZodType<State>;
  readonly finding: z.ZodType<Found>;
}

/** A walk that was stopped, and that a run with the same options goes on with. */
export class SavedWalk<State, Found extends object> {
  readonly #file: WalkFile;
  readonly #kind: object;
  readonly #shapes: WalkShapes<State, Found>;

  /**
   * `kind` holds what must be the same: the options, and of which index it is, for one that was
   * restored meanwhile has other files before the place where the walk goes on.
   */
  constructor(file: WalkFile, kind: object, shapes: WalkShapes<State, Found>) {
    this.#file = file;
    this.#kind = kind;
    this.#shapes = shapes;
  }

  /** Null when there is none, when it is of another kind, or damaged: the walk starts over then. */
  find(): { readonly state: State; readonly findings: readonly Found[] } | null {
    const saved = z
      .object({
        state: z.object({ kind: z.unknown(), progress: this.#shapes.state }),
        findings: z.array(this.#shapes.finding),
      })
      .safeParse(this.#file.read());
    const isSame =
      saved.success && JSON.stringify(saved.data.state.kind) === JSON.stringify(this.#kind);
    if (isSame) return { state: saved.data.state.progress, findings: saved.data.findings };
    this.#file.startOver();
    return null;
  }

  /** Keeps the state without its findings, and adds those of one page to the ones before. */
  save(state: State, added: readonly Found[]): void {
    this.#file.save({ kind: this.#kind, progress: this.#shapes.state.parse(state) }, added);
  }

  remove(): void {
    this.#file.remove();
  }
}

const count = z.number().int().min(0);
const progress = {
  cursor: z.string().nullable(),
  isFinished: z.boolean(),
  referenceCount: count,
  fileCount: count,
};

export const replicaWalkState: z.ZodType<Omit<ReplicaWalkState, 'findings'>> = z.object({
  ...progress,
  verdictCounts: z.object({
    ...{ whole: count, 'single-copy': count, partial: count },
    ...{ damaged: count, missing: count, unknown: count },
  }),
  youngCount: count,
  repairedCount: count,
  findingsLeftOut: count,
});

const verdict = z.enum(['whole', 'single-copy', 'partial', 'damaged', 'missing', 'unknown']);
const reference = z.object({
  fileId: z.string(),
  bucketId: z.number(),
  key: z.string(),
  uploadId: z.string().nullable(),
  fileOffset: count,
  size: count,
  isWholeFile: z.boolean(),
});
const fileCopy = z.object({
  server: z.string(),
  isSource: z.boolean(),
  state: z.enum(['present', 'missing', 'damaged', 'unknown']),
  problem: z.string().nullable(),
});

export const replicaFinding: z.ZodType<ReplicaFinding> = z.object({
  fileId: z.string(),
  verdict,
  references: z.array(reference),
  referenceCount: count,
  copies: z.array(fileCopy),
  action: z.enum(['none', 'repaired', 'failed']),
  newFileId: z.string().nullable(),
  remainingCount: count,
  problem: z.string().nullable(),
});

export const dataWalkState: z.ZodType<DataWalkState> = z.object({
  ...progress,
  bytesRead: count,
  verdictCounts: z.object({
    ...{ sound: count, missing: count, damaged: count },
    ...{ 'wrong-range': count, 'copy-damaged': count, unknown: count },
  }),
});

export const dataFinding: z.ZodType<Finding> = z.object({
  kind: z.string(),
  severity: z.enum(['severe', 'error', 'warning']),
  where: z
    .object({
      bucketId: z.number(),
      key: z.string(),
      uploadId: z.string(),
      objectId: z.number(),
      fileId: z.string(),
    })
    .partial() as z.ZodType<Finding['where']>,
  problem: z.string(),
  repair: z.enum(['possible', 'impossible', 'repaired', 'failed']),
});
