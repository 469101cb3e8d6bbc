/** What an operator decides of Kodo's uploads. */
export interface UploadSettings {
  /** Whether policies that ask for media jobs are taken, and the jobs not done. */
  readonly ignoresPersistentOps: boolean;
  /** Whether uploads in blocks (version 1) overwrite with the scope of a whole bucket. */
  readonly blocksOverwrite: boolean;
  /** How callbacks are signed. */
  readonly callbackScheme: 'QBox' | 'Qiniu';
  /** For each URL of a callback. */
  readonly callbackTimeoutMs: number;
}
