/** What happens to an index beside its operations, for the log of whoever runs it. */
export type IndexEvent =
  /**
   * A program that keeps a read open, or many that leave no gap, keep the write-ahead log from
   * being started over, so that it grows; told again every minute.
   */
  | { readonly kind: 'log-held'; readonly sizeBytes: number; readonly growingMs: number }
  /** The log is small again. */
  | { readonly kind: 'log-freed'; readonly sizeBytes: number }
  /** The log could not be copied into the database; tried again. */
  | { readonly kind: 'checkpoint-failed'; readonly message: string };
