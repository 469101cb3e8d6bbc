import type { ImportOutcome } from '../../object-index/file-requests.ts';
import type { Bucket } from '../../object-index/records.ts';
import type { Pace } from '../pace.ts';

export interface ImportOptions {
  readonly bucket: Bucket;
  /** Of the objects. */
  readonly ownerId: string;
  /** Whether objects that are under a key already, and have other files, are replaced. */
  readonly overwrites: boolean;
  /** Writes nothing, and reads no file. */
  readonly isDryRun: boolean;
  /** Asks storage servers for every file, not only for those whose ID does not tell all. */
  readonly checks: boolean;
  /** Somebody says that this gateway has not written the files: then they may be new. */
  readonly isForeign: boolean;
  /** Reads every file for its MD5. */
  readonly readsMd5: boolean;
  /** Files that are asked for or read at the same time. */
  readonly concurrencyMax: number;
  /** Lets questions begin. */
  readonly questionPace: Pace;
  /** Lets bytes be read. */
  readonly bytePace: Pace;
}

/**
 * What became of a row, besides what the index says:
 *
 * - `too-new`: a write of the gateway may be about to refer to the file.
 * - `missing`: no storage server of its group has the file. `unavailable`: none could tell.
 * - `damaged`: its bytes or their number are not those that its ID tells.
 * - `malformed`: it cannot be an object.
 */
export const importOutcomes = [
  'imported',
  'overwritten',
  'updated',
  'present',
  'conflict',
  'too-new',
  'queued',
  'changed',
  'missing',
  'unavailable',
  'damaged',
  'malformed',
] as const satisfies readonly (
  | ImportOutcome
  | 'too-new'
  | 'missing'
  | 'unavailable'
  | 'damaged'
  | 'malformed'
)[];
export type RowOutcome = (typeof importOutcomes)[number];

/** Outcomes of rows that have their key now. */
export const doneOutcomes: ReadonlySet<RowOutcome> = new Set([
  'imported',
  'overwritten',
  'updated',
  'present',
]);

/** Why a row gives no object. */
export class RowFailure extends Error {
  readonly outcome: RowOutcome;

  constructor(outcome: RowOutcome, message: string) {
    super(message);
    this.name = 'RowFailure';
    this.outcome = outcome;
  }
}
