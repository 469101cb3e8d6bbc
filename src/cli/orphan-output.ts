import { closeSync, openSync, writeSync } from 'node:fs';
import { UsageError } from './failures.ts';

/** Who knows a file ID may read the file. */
const OWNER_ONLY = 0o600;

/** A new file with one file ID in each line. Throws `UsageError` when it cannot be made. */
export class OrphanOutput {
  readonly #file: number;

  constructor(path: string) {
    try {
      this.#file = openSync(path, 'wx', OWNER_ONLY);
    } catch (error) {
      throw new UsageError(`--out ${path} cannot be made: ${(error as Error).message}.`);
    }
  }

  write(fileIds: readonly string[]): void {
    if (fileIds.length > 0) writeSync(this.#file, `${fileIds.join('\n')}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}
