import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase, openReadOnly } from '../../../src/object-index/sqlite-database.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** Whether this process has a lock on the file, as Linux tells it. */
function isLocked(path: string): boolean {
  const { ino } = statSync(path);
  const owner = new RegExp(`POSIX .* ${process.pid} [0-9a-f:]+:${ino} `);
  return owner.test(readFileSync('/proc/locks', 'utf8'));
}

// SQLite before 3.51 removes the log of a database that nobody seems to use any more: a backup made
// with such a `sqlite3` would take away what the gateway goes on writing to.
it.runIf(process.platform === 'linux')(
  'shows other processes that it is in use, however often it is opened',
  () => {
    const path = join(temporaryDirectory(), 'index.sqlite');
    const first = openDatabase(path);
    first.exec('CREATE TABLE t (x)');
    const others = [openDatabase(path), openReadOnly(path)];
    expect(isLocked(path)).toBe(true);
    first.close();
    for (const database of others) database.prepare('SELECT * FROM t').all();
    expect(isLocked(path)).toBe(true);
    for (const database of others) database.close();
    expect(isLocked(path)).toBe(false);
  },
);

it('makes a database that only its owner can read', () => {
  const path = join(temporaryDirectory(), 'index.sqlite');
  openDatabase(path).close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
