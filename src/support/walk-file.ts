import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { replaceFile } from './replace-file.ts';

/** What a walk that was stopped has left: how far it came, and what it had found, in order. */
export interface SavedWalkValues {
  readonly state: unknown;
  readonly findings: readonly unknown[];
}

const OWNER_ONLY_FILE = 0o600;

/**
 * Keeps a long walk in two files: a small one that is written anew for each page, and a second one
 * with the findings, one a line, to which each page adds its own. The first one says how much of
 * the second counts, so that a page which was cut off leaves nothing behind.
 */
export class WalkFile {
  readonly #path: string;
  readonly #findingsPath: string;
  #findingsSize = 0;

  constructor(path: string) {
    this.#path = path;
    this.#findingsPath = `${path}l`;
  }

  /** What was saved last; null when nothing was, or when it is damaged: a walk can start over. */
  read(): SavedWalkValues | null {
    try {
      const { findingsSize, state } = JSON.parse(readFileSync(this.#path, 'utf8'));
      if (!Number.isSafeInteger(findingsSize) || findingsSize < 0) return null;
      const found = findingsSize === 0 ? Buffer.alloc(0) : readFileSync(this.#findingsPath);
      if (found.length < findingsSize) return null;
      const lines = found.subarray(0, findingsSize).toString('utf8').split('\n').slice(0, -1);
      const findings: unknown[] = lines.map((line) => JSON.parse(line));
      this.#findingsSize = findingsSize;
      return { state, findings };
    } catch {
      return null;
    }
  }

  /** Forgets what was saved before: the next `save` is the first one. */
  startOver(): void {
    this.#findingsSize = 0;
  }

  /** Keeps the state, and adds to the findings that were read or saved before. */
  save(state: object, added: readonly object[]): void {
    if (added.length > 0) this.#append(added.map((one) => `${JSON.stringify(one)}\n`).join(''));
    replaceFile(this.#path, `${JSON.stringify({ findingsSize: this.#findingsSize, state })}\n`);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
    rmSync(this.#findingsPath, { force: true });
    this.#findingsSize = 0;
  }

  #append(text: string): void {
    const file = openSync(this.#findingsPath, 'a', OWNER_ONLY_FILE);
    try {
      ftruncateSync(file, this.#findingsSize);
      const bytes = Buffer.from(text);
      writeFileSync(file, bytes);
      fsyncSync(file);
      this.#findingsSize += bytes.length;
    } finally {
      closeSync(file);
    }
  }
}
