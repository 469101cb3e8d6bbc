import Database from 'better-sqlite3';

/** Held until `release`, or until the process ends in whatever way. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock that stands for `path`; null when another process on this machine has it, alone
 * or with others, in whatever container it runs, and keeps it for `waitMs`. This thread waits
 * meanwhile. SQLite's lock is the operating system's own (fcntl), so there is no process id to
 * compare and nothing to clean up after a crash. Throws when the file cannot be made.
 */
export function takeFileLock(path: string, waitMs = 0): FileLock | null {
  return take(path, waitMs, (database) => database.exec('BEGIN EXCLUSIVE'));
}

/** As `takeFileLock`, for a lock that any number of processes may share, but not with an owner. */
export function shareFileLock(path: string): FileLock | null {
  return take(path, 0, (database) => {
    database.exec('BEGIN');
    // The lock comes with the first read, and goes with the transaction.
    database.prepare('SELECT COUNT(*) FROM sqlite_schema').get();
  });
}

function take(
  path: string,
  waitMs: number,
  begin: (database: Database.Database) => void,
): FileLock | null {
  const database = new Database(path, { timeout: waitMs });
  try {
    begin(database);
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY') return null;
    throw error;
  }
  return { release: () => database.close() };
}
