import Database from 'better-sqlite3';

/** Held until `release`, or until the process ends in whatever way. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock that stands for `path`; null when another process on this machine has it, in
 * whatever container it runs. SQLite's lock is the operating system's own (fcntl), so there is no
 * process id to compare and nothing to clean up after a crash. Throws when the file cannot be made.
 */
export function takeFileLock(path: string): FileLock | null {
  const database = new Database(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY') return null;
    throw error;
  }
  return { release: () => database.close() };
}
