import type { FileCopy } from '../../blob-store/blob-store.ts';
import type { FileReference } from '../../object-index/file-records.ts';
import type { ReplicaVerdict } from './judge-copies.ts';

/** A file that is not as it should be. */
export interface ReplicaFinding {
  readonly fileId: string;
  readonly verdict: ReplicaVerdict;
  /** Some of what refers to it, … */
  readonly references: readonly FileReference[];
  /** … of so many. */
  readonly referenceCount: number;
  readonly copies: readonly FileCopy[];
  /** `failed` and `none` leave it as it was. */
  readonly action: 'none' | 'repaired' | 'failed';
  readonly newFileId: string | null;
  /** Objects that still refer to the old file although it was replaced. */
  readonly remainingCount: number;
  readonly problem: string | null;
}

/** How far a walk has come and what it has found; plain values, for a file. */
export interface ReplicaWalkState {
  /** Of the next page; null before the first one and after the last one. */
  readonly cursor: string | null;
  readonly isFinished: boolean;
  /** References that were passed, and files that were looked at for them. */
  readonly referenceCount: number;
  readonly fileCount: number;
  readonly verdictCounts: Readonly<Record<ReplicaVerdict, number>>;
  /** Files with fewer copies than servers that may be just on their way. */
  readonly youngCount: number;
  readonly repairedCount: number;
  readonly findings: readonly ReplicaFinding[];
  /** Open findings beyond the first ones, which are only counted. */
  readonly findingsLeftOut: number;
}

export const newWalkState: ReplicaWalkState = {
  cursor: null,
  isFinished: false,
  referenceCount: 0,
  fileCount: 0,
  verdictCounts: { whole: 0, 'single-copy': 0, partial: 0, damaged: 0, missing: 0, unknown: 0 },
  youngCount: 0,
  repairedCount: 0,
  findings: [],
  findingsLeftOut: 0,
};

/** Findings that are kept with all they tell. */
const FINDINGS_MAX = 10_000;
/** References that are kept of each. */
const REFERENCES_MAX = 10;

/** Adds findings; one of a file that was found before, under another key, takes its place. */
export function withFindings(
  state: ReplicaWalkState,
  added: readonly ReplicaFinding[],
): Pick<ReplicaWalkState, 'findings' | 'findingsLeftOut' | 'repairedCount'> {
  const { findings } = state;
  let { findingsLeftOut, repairedCount } = state;
  if (added.length === 0) return { findings, findingsLeftOut, repairedCount };
  const byFile = new Map(findings.map((finding) => [finding.fileId, finding]));
  for (const finding of added) {
    const known = byFile.get(finding.fileId);
    if (finding.action === 'repaired' && known?.action !== 'repaired') repairedCount += 1;
    if (!known && byFile.size >= FINDINGS_MAX) {
      if (isOpen(finding)) findingsLeftOut += 1;
      continue;
    }
    const references = [...(known?.references ?? []), ...finding.references];
    byFile.set(finding.fileId, {
      ...finding,
      references: references.slice(0, REFERENCES_MAX),
      referenceCount: (known?.referenceCount ?? 0) + finding.referenceCount,
    });
  }
  return { findings: [...byFile.values()], findingsLeftOut, repairedCount };
}

/** The state of a walk that was stopped, from its numbers and all findings that it ever added. */
export function restoreWalkState(
  progress: Omit<ReplicaWalkState, 'findings'>,
  added: readonly ReplicaFinding[],
): ReplicaWalkState {
  const { findings } = withFindings(newWalkState, added);
  return { ...progress, findings };
}

/** Whether the file is still not as it should be. */
export function isOpen({ action, remainingCount }: ReplicaFinding): boolean {
  return action !== 'repaired' || remainingCount > 0;
}

/** Whether somebody has to do something: findings remain, or files that nobody could be asked of. */
export function needsAttention(state: ReplicaWalkState): boolean {
  const { findings, findingsLeftOut, verdictCounts } = state;
  return findingsLeftOut > 0 || verdictCounts.unknown > 0 || findings.some(isOpen);
}
