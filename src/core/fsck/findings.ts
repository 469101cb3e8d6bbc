/**
 * - `severe`: data was lost, or will be when nothing is done.
 * - `error`: something cannot be read or does not work.
 * - `warning`: space is wasted, or something is odd.
 */
type FindingSeverity = 'severe' | 'error' | 'warning';

/** Where something was found, as far as that is known. */
interface FindingPlace {
  readonly bucketId?: number;
  /** Of an object, or of the upload that `uploadId` names. */
  readonly key?: string;
  readonly uploadId?: string;
  readonly objectId?: number;
  readonly fileId?: string;
}

/**
 * - `possible`: a run with --repair would mend it.
 * - `impossible`: `problem` says what an operator can do.
 * - `repaired`
 * - `failed`: it was tried, and `problem` says why it did not work.
 */
type RepairState = 'possible' | 'impossible' | 'repaired' | 'failed';

export interface Finding {
  /** What it is an instance of, in kebab-case: `count-too-low`, `file-missing`. */
  readonly kind: string;
  readonly severity: FindingSeverity;
  readonly where: FindingPlace;
  /** A sentence for the operator. */
  readonly problem: string;
  readonly repair: RepairState;
}

/** Findings of one kind and severity. */
export interface FindingCount {
  readonly kind: string;
  readonly severity: FindingSeverity;
  readonly count: number;
  /** Those of `count` that were mended. */
  readonly repairedCount: number;
}

/** Findings that are kept with all they tell; more are only counted. */
export const findingsKeptMax = 10_000;

const severities: readonly FindingSeverity[] = ['severe', 'error', 'warning'];

/** All that a check has found, in bounded memory. */
export class FindingLog {
  readonly #kept: Finding[] = [];
  readonly #counts = new Map<string, FindingCount>();

  add(finding: Finding): void {
    if (this.#kept.length < findingsKeptMax) this.#kept.push(finding);
    this.addUnseen(finding, 1);
  }

  /** Counts findings that nobody wants to see one by one. */
  addUnseen({ kind, severity, repair }: Omit<Finding, 'where' | 'problem'>, count: number): void {
    const name = `${severity} ${kind}`;
    const before = this.#counts.get(name) ?? { kind, severity, count: 0, repairedCount: 0 };
    this.#counts.set(name, {
      ...before,
      count: before.count + count,
      repairedCount: before.repairedCount + (repair === 'repaired' ? count : 0),
    });
  }

  /** The first ones that were added, worst first. */
  get kept(): readonly Finding[] {
    return this.#kept.toSorted(bySeverity);
  }

  /** By kind and severity, worst first. */
  get counts(): readonly FindingCount[] {
    return [...this.#counts.values()].sort(bySeverity);
  }

  /** Findings that are still there. */
  get openCount(): number {
    let open = 0;
    for (const { count, repairedCount } of this.#counts.values()) open += count - repairedCount;
    return open;
  }
}

type Rated = { readonly severity: FindingSeverity };

function bySeverity(one: Rated, other: Rated): number {
  return severities.indexOf(one.severity) - severities.indexOf(other.severity);
}
