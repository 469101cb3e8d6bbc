import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DirectorySync } from './directory-sync.ts';
import { errno, RefusedRequest } from './refused-request.ts';

const DIRECTORY_NAME = /^[0-9A-F]{2}$/;

function directoryName(index: number): string {
  return index.toString(16).toUpperCase().padStart(2, '0');
}

/**
 * The two levels of directories under `<storePath>/data`, made when they are first used. New files
 * go where FastDFS's `file_distribute_path_mode = 0` puts them: a directory is filled, then the
 * next one is taken, low level first, and after the last the first again.
 */
export class StoreDirectories {
  readonly #dataPath: string;
  readonly #subdirCount: number;
  readonly #filesPerDirectory: number;
  readonly #directorySync: DirectorySync | null;
  readonly #known = new Set<string>();
  /** New directories whose names are not yet on disk. */
  readonly #unsynced = new Map<string, Promise<void>>();
  #position: number;
  #fileCount: number;

  /** Looks up where the last run stopped: the last directory there is, and its number of files. */
  constructor(options: {
    dataPath: string;
    subdirCountPerPath: number;
    filesPerDirectory: number;
    /** Null when new directories need not be durable. */
    directorySync: DirectorySync | null;
  }) {
    this.#dataPath = options.dataPath;
    this.#subdirCount = options.subdirCountPerPath;
    this.#filesPerDirectory = options.filesPerDirectory;
    this.#directorySync = options.directorySync;
    const high = lastDirectory(this.#dataPath, this.#subdirCount);
    const low = lastDirectory(join(this.#dataPath, directoryName(high)), this.#subdirCount);
    this.#position = high * this.#subdirCount + low;
    this.#fileCount = countFiles(join(this.#dataPath, this.#subPath(this.#position)));
  }

  /** `HH/HH` of the directory that takes the next new file; counts the file. */
  take(): string {
    if (this.#fileCount >= this.#filesPerDirectory) {
      this.#position = (this.#position + 1) % (this.#subdirCount * this.#subdirCount);
      this.#fileCount = 0;
    }
    this.#fileCount += 1;
    return this.#subPath(this.#position);
  }

  /** Makes `HH/HH` if it is not there. Throws 22 when a link stands in its place. */
  ensure(subPath: string): string {
    const path = join(this.#dataPath, subPath);
    if (this.#known.has(path)) return path;
    for (const level of [dirname(path), path]) {
      if (this.#known.has(level)) continue;
      // One whose fsync failed is still in `#unsynced`, and gets another try.
      if (makeDirectory(level) || this.#unsynced.has(level)) this.#syncLater(level);
      this.#known.add(level);
    }
    return path;
  }

  /** Someone else removed the directory: look again before the next use. */
  forget(path: string): void {
    this.#known.delete(path);
    this.#known.delete(dirname(path));
  }

  /** Resolves when the names of the directory and of its parent are durable. */
  async synced(path: string): Promise<void> {
    if (this.#unsynced.size === 0) return;
    await Promise.all([this.#unsynced.get(dirname(path)), this.#unsynced.get(path)]);
  }

  #syncLater(path: string): void {
    if (this.#directorySync === null) return;
    const done = this.#directorySync.sync(dirname(path));
    this.#unsynced.set(path, done);
    done.then(
      () => this.#unsynced.delete(path),
      () => this.#known.delete(path),
    );
  }

  #subPath(position: number): string {
    const high = Math.floor(position / this.#subdirCount);
    return `${directoryName(high)}/${directoryName(position % this.#subdirCount)}`;
  }
}

/** True when the directory was made now. */
function makeDirectory(path: string): boolean {
  try {
    mkdirSync(path, 0o755);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  requireDirectory(path);
  return false;
}

/** A link in place of a directory would lead files out of the data directory. */
export function requireDirectory(path: string): void {
  if (!lstatSync(path).isDirectory()) {
    throw new RefusedRequest(errno.EINVAL, `${path} is not a directory of the store`);
  }
}

function lastDirectory(path: string, count: number): number {
  const indexes = readdirOrNothing(path)
    .filter((name) => DIRECTORY_NAME.test(name))
    .map((name) => Number.parseInt(name, 16))
    .filter((index) => index < count);
  return Math.max(0, ...indexes);
}

function countFiles(path: string): number {
  return readdirOrNothing(path).filter((name) => !name.endsWith('-m')).length;
}

function readdirOrNothing(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
