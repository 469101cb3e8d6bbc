import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../../src/object-index/migrate.ts';
import { openDatabase, type SqliteDatabase } from '../../../src/object-index/sqlite-database.ts';

/** Migrates in a process of its own, which writes a line when it is about to. */
function startMigration(path: string, migrations: string) {
  const source = new URL('../../../src/object-index/', import.meta.url);
  const program = `
    import { migrate } from '${new URL('migrate.ts', source)}';
    import { openDatabase } from '${new URL('sqlite-database.ts', source)}';
    const [path, migrations] = ${JSON.stringify([path, migrations])};
    const database = openDatabase(path);
    console.log('ready');
    migrate(database, path, migrations);
    database.close();`;
  const options = ['--import', 'tsx', '--input-type=module', '--eval', program];
  return spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] });
}

describe('migrate', () => {
  let directory: string;
  let path: string;
  let migrations: string;
  let database: SqliteDatabase;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'migrate-'));
    path = join(directory, 'index.db');
    migrations = join(directory, 'migrations');
    mkdirSync(migrations);
    database = openDatabase(path);
  });
  afterEach(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });

  function write(fileName: string, sql: string): void {
    writeFileSync(join(migrations, fileName), sql);
  }
  const applied = () =>
    database.prepare('SELECT name FROM schema_migrations ORDER BY number').pluck().all();

  it('applies what is new, in order, once', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);');
    migrate(database, path, migrations);
    write('0002-second.sql', 'UPDATE a SET x = x + 1;');
    write('0003-third.sql', 'UPDATE a SET x = x * 10;');
    write('README.md', 'not a migration');
    migrate(database, path, migrations);
    migrate(database, path, migrations);
    expect(database.prepare('SELECT x FROM a').pluck().get()).toBe(20);
    expect(applied()).toEqual(['0001-first', '0002-second', '0003-third']);
  });

  it('copies an existing database before it changes it', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);');
    migrate(database, path, migrations);
    expect(readdirSync(directory).filter((name) => name.includes('before'))).toEqual([]);
    write('0002-second.sql', 'UPDATE a SET x = 2;');
    migrate(database, path, migrations);
    const copy = new Database(`${path}.before-0002-second`, { readonly: true });
    expect(copy.prepare('SELECT x FROM a').pluck().get()).toBe(1);
    expect(copy.prepare('SELECT MAX(number) FROM schema_migrations').pluck().get()).toBe(1);
    copy.close();
    expect(existsSync(`${path}.before-0002-second.partial`)).toBe(false);
  });

  it('lets nobody but the owner read the copy', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER);');
    migrate(database, path, migrations);
    write('0002-second.sql', 'UPDATE a SET x = 2;');
    migrate(database, path, migrations);
    expect(statSync(`${path}.before-0002-second`).mode & 0o777).toBe(0o600);
  });

  it('changes nothing when the copy cannot be made', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);');
    migrate(database, path, migrations);
    write('0002-second.sql', 'UPDATE a SET x = 2;');
    mkdirSync(`${path}.before-0002-second/in-the-way`, { recursive: true });
    expect(() => migrate(database, path, migrations)).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(database.prepare('SELECT x FROM a').pluck().get()).toBe(1);
    expect(applied()).toEqual(['0001-first']);
    expect(database.inTransaction).toBe(false);
  });

  it('makes a copy that is a single file for its owner only, and replaces an unfinished one', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER);');
    migrate(database, path, migrations);
    const copyPath = `${path}.before-0002-second`;
    writeFileSync(copyPath, 'of a migration that was not finished');
    writeFileSync(`${copyPath}.partial`, 'half of a copy');
    write('0002-second.sql', 'CREATE TABLE b (x INTEGER);');
    migrate(database, path, migrations);
    expect(statSync(copyPath).mode & 0o777).toBe(0o600);
    const copy = new Database(copyPath, { readonly: true });
    expect(copy.pragma('journal_mode', { simple: true })).toBe('delete');
    copy.close();
    expect(readdirSync(directory).filter((name) => name.includes('before'))).toEqual([
      'index.db.before-0002-second',
    ]);
  });

  it('does not migrate when no copy can be made first', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER);');
    migrate(database, path, migrations);
    mkdirSync(`${path}.before-0002-second`);
    write('0002-second.sql', 'CREATE TABLE b (x INTEGER);');
    expect(() => migrate(database, path, migrations)).toThrow('the copy before a migration');
    expect(applied()).toEqual(['0001-first']);
    expect(database.inTransaction).toBe(false);
  });

  it('makes no copy of a database that it makes itself', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER);');
    write('0002-second.sql', 'CREATE TABLE b (x INTEGER);');
    migrate(database, path, migrations);
    expect(applied()).toEqual(['0001-first', '0002-second']);
    expect(readdirSync(directory).filter((name) => name.includes('before'))).toEqual([]);
  });

  it('leaves nothing of a migration that fails', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER);');
    write('0002-second.sql', 'INSERT INTO a VALUES (1); INSERT INTO missing VALUES (1);');
    expect(() => migrate(database, path, migrations)).toThrow(/migration 0002-second: .*missing/);
    expect(database.prepare('SELECT COUNT(*) FROM a').pluck().get()).toBe(0);
    expect(applied()).toEqual(['0001-first']);
    expect(database.inTransaction).toBe(false);
  });

  it('goes on behind the migrations that worked when one that failed is mended', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);');
    migrate(database, path, migrations);
    write('0002-second.sql', 'UPDATE a SET x = 2;');
    write('0003-third.sql', 'UPDATE a SET x = 3; UPDATE missing SET x = 3;');
    expect(() => migrate(database, path, migrations)).toThrow(/migration 0003-third: .*missing/);
    expect(database.prepare('SELECT x FROM a').pluck().get()).toBe(2);
    expect(applied()).toEqual(['0001-first', '0002-second']);
    write('0003-third.sql', 'UPDATE a SET x = 3;');
    migrate(database, path, migrations);
    expect(database.prepare('SELECT x FROM a').pluck().get()).toBe(3);
  });

  it('waits for no lock when there is nothing to migrate', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER);');
    migrate(database, path, migrations);
    const writer = new Database(path);
    writer.exec('BEGIN IMMEDIATE');
    database.pragma('busy_timeout = 0');
    migrate(database, path, migrations);
    writer.close();
  });

  it('applies each migration once when several processes start together', async () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);');
    migrate(database, path, migrations);
    write('0002-second.sql', 'UPDATE a SET x = x + 1;');
    write('0003-third.sql', 'UPDATE a SET x = x * 10;');
    // All of them find something to do before one of them can begin.
    database.exec('BEGIN IMMEDIATE');
    const processes = [1, 2].map(() => startMigration(path, migrations));
    await Promise.all(processes.map(({ stdout }) => once(stdout, 'data')));
    database.exec('COMMIT');
    const ended = await Promise.all(processes.map((process) => once(process, 'exit')));
    expect(ended).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(database.prepare('SELECT x FROM a').pluck().get()).toBe(20);
    expect(applied()).toEqual(['0001-first', '0002-second', '0003-third']);
  }, 30_000);

  it('refuses a database that is newer than the program', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER);');
    write('0002-second.sql', 'CREATE TABLE b (x INTEGER);');
    migrate(database, path, migrations);
    rmSync(join(migrations, '0002-second.sql'));
    expect(() => migrate(database, path, migrations)).toThrow(
      `${path} has migration 2, this program knows 1`,
    );
  });

  it('refuses a database of something else', () => {
    database.exec('CREATE TABLE photos (x INTEGER)');
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER);');
    expect(() => migrate(database, path, migrations)).toThrow('is a database of something else');
  });

  it('refuses a gap between numbers', () => {
    write('0001-first.sql', 'CREATE TABLE a (x INTEGER);');
    write('0003-third.sql', 'CREATE TABLE b (x INTEGER);');
    expect(() => migrate(database, path, migrations)).toThrow('expected number 2');
  });

  it('keeps the files that were queued for deletion by the first schema', () => {
    const first = '0001-initial.sql';
    copyFileSync(
      join(import.meta.dirname, `../../../migrations/sqlite/${first}`),
      join(migrations, first),
    );
    migrate(database, path, migrations);
    database.exec(
      `INSERT INTO deletion_queue (file_id, group_name, not_before_ms, attempts)
        VALUES ('group1/a', 'group1', 7, 0), ('group2/b', 'group2', 9, 3)`,
    );
    migrate(database, path);
    const queued = database.prepare('SELECT * FROM deletion_queue ORDER BY id').all();
    expect(queued).toMatchObject([
      { file_id: 'group1/a', not_before_ms: 7, queued_at_ms: 7, attempts: 0, problem: null },
      { file_id: 'group2/b', not_before_ms: 9, queued_at_ms: 9, attempts: 3, problem: null },
    ]);
  });

  it('finds the migrations of this program', () => {
    migrate(database, path);
    expect(applied()[0]).toBe('0001-initial');
  });
});
