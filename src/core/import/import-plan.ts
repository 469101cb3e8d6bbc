import type {
  LoggedFile,
  PlacedRow,
  PlannedRow,
  PlanPosition,
} from '../../object-index/import-records.ts';

/** All that an import is to do, sorted, on the disk. */
export interface ImportPlan {
  /** The working file, for the index's `locateFiles`. */
  readonly path: string;
  readonly rowCount: number;
  add(rows: readonly PlannedRow[]): void;
  /** Of each file the latest entry counts; of equal times the one that comes later. */
  log(files: readonly LoggedFile[]): void;
  /** Files that are there by what was logged, in the order of their IDs. */
  loggedFiles(): Iterable<LoggedFile>;
  /** Ends the adding: others may write what they know of the files. */
  finish(): void;
  /** Rows behind a position, in the order of the keys' bytes and then of their lines. */
  rows(after: PlanPosition | null): Iterable<PlacedRow>;
  close(): void;
}
