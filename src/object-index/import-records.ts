/** One key that an import is to give, as a source names it. */
export interface PlannedRow {
  readonly key: string;
  /** Of one object; none for an empty one. */
  readonly fileIds: readonly string[];
  /** Which of the sources named it, counted from 0, … */
  readonly source: number;
  /** … and in which line, counted from 1. */
  readonly line: number;
  /** What else the source tells, JSON; null for nothing. */
  readonly detail: string | null;
}

/** A row as it comes back, with its place in the order. */
export interface PlacedRow extends PlannedRow {
  /** Tells rows of one key apart, in the order of their lines. */
  readonly order: number;
  /** Files among its own that were in use, and the keys whose objects they were. */
  readonly uses: readonly {
    readonly fileId: string;
    readonly places: readonly { readonly bucketId: number; readonly key: string }[];
  }[];
}

export type PlanPosition = Pick<PlacedRow, 'key' | 'order'>;

/** What a change log says of a file. */
export interface LoggedFile extends Pick<PlannedRow, 'source' | 'line'> {
  readonly fileId: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly isThere: boolean;
}
