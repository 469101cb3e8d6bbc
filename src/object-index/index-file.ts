import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from '../support/make-directories.ts';
import { takeFileLock } from './file-lock.ts';

/** An index file that cannot be copied, trusted or put in place; the message is for the operator. */
export class IndexFileError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'IndexFileError';
  }
}

/** What SQLite keeps beside a database, by the ends of their names. */
export const COMPANIONS = ['-wal', '-shm', '-journal'] as const;

/** Errors of `link` on file systems that have no hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/**
 * Makes the empty file `PATH.partial`, readable by its owner only, where `path` grows until it is
 * whole, and gives its name. What an earlier process left of it when it was killed is removed.
 */
export function makePartial(path: string): string {
  const partial = `${path}.partial`;
  if (existsSync(partial)) {
    if (isInUse(partial)) {
      throw new IndexFileError(`Another process is writing ${partial}; wait until it has ended.`);
    }
    removePartial(partial);
  }
  closeSync(openSync(partial, 'wx', 0o600));
  return partial;
}

/** Whoever writes it holds SQLite's lock on it. */
function isInUse(partial: string): boolean {
  try {
    const lock = takeFileLock(partial);
    lock?.release();
    return lock === null;
  } catch {
    // It is no database, or not one yet.
    return false;
  }
}

export function removePartial(partial: string): void {
  for (const end of ['', ...COMPANIONS]) rmSync(`${partial}${end}`, { force: true });
}

/**
 * Syncs the finished file and gives it its name, both durable when this returns. Nobody may have it
 * open in this process. Throws `IndexFileError` when there is a file of that name already and it is
 * not to be replaced, however late that has come.
 */
export function placeFile(
  partial: string,
  path: string,
  { replaces }: { readonly replaces: boolean },
): void {
  syncFile(partial);
  if (replaces) {
    renameSync(partial, path);
  } else {
    try {
      // A link never replaces a file, which a rename does.
      linkSync(partial, path);
      rmSync(partial);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (code === 'EEXIST' || existsSync(path)) throw alreadyThere(path);
      if (!NO_LINKS.has(code)) throw error;
      renameSync(partial, path);
    }
  }
  syncDirectory(dirname(path));
}

export function alreadyThere(path: string): IndexFileError {
  return new IndexFileError(`${path} is there already; choose another name, or use --force.`);
}

export function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Bytes that the index takes, its log included. The files are not opened. */
export function indexSizeBytes(path: string): number {
  const sizeOf = (name: string) => statSync(name, { throwIfNoEntry: false })?.size ?? 0;
  return sizeOf(path) + sizeOf(`${path}-wal`);
}

/** Throws `IndexFileError` unless the directory has room for that many bytes. */
export function checkSpace(directory: string, sizeBytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  if (freeBytes >= sizeBytes) return;
  const [unit, unitBytes] = sizeBytes < 2 ** 24 ? ['KiB', 2 ** 10] : ['MiB', 2 ** 20];
  const [needed, free] = [Math.ceil(sizeBytes / unitBytes), Math.floor(freeBytes / unitBytes)];
  throw new IndexFileError(
    `No room in ${directory}: ${needed} ${unit} are needed, ${free} ${unit} are free.`,
  );
}
