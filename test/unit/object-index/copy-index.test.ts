import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backUpIndex } from '../../../src/object-index/copy-index.ts';
import { IndexFileError } from '../../../src/object-index/index-file.ts';
import { openSqliteIndex } from '../../../src/object-index/sqlite-index.ts';
import { newObject, putObject } from '../../support/new-records.ts';
import { createBucket, NOW_MS } from '../../support/object-index.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const settings = { deleteDelayMs: 0, threads: false, now: () => NOW_MS };

/** An index with some objects, and more than 4 MiB when it is to take several steps. */
async function makeIndex({ large = false } = {}): Promise<{ directory: string; path: string }> {
  const directory = temporaryDirectory();
  const path = join(directory, 'index.sqlite');
  const index = await openSqliteIndex({ path, ...settings });
  const bucketId = await createBucket(index, 'photos');
  for (const key of ['a', 'b', 'c']) await putObject(index, newObject(bucketId, key));
  if (large) {
    const userMetadata = { note: 'x'.repeat(1_000_000) };
    for (let count = 0; count < 16; count += 1) {
      await putObject(index, newObject(bucketId, `large-${count}`, { userMetadata }));
    }
  }
  await index.close();
  return { directory, path };
}

const keysOf = (path: string) => {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare('SELECT key FROM objects ORDER BY key').pluck().all() as string[];
  } finally {
    database.close();
  }
};

const filesBeside = (directory: string) =>
  readdirSync(directory).filter((name) => !name.startsWith('index.sqlite'));

/** Puts rows into the index from another process, one transaction each, until it is stopped. */
async function startWriter(path: string): Promise<ChildProcess> {
  const script = `
    const database = new (require('better-sqlite3'))(process.argv[1], { timeout: 5000 });
    const insert = database.prepare(
      "INSERT INTO users (id, name, is_root, created_at_ms) VALUES (?, ?, 0, 0)");
    let count = 0;
    const write = () => {
      count += 1;
      insert.run('id' + count, 'name' + count);
      process.send(count);
      setImmediate(write);
    };
    write();`;
  const child = spawn(process.execPath, ['-e', script, path], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child, 'message');
  return child;
}

describe('backUpIndex', () => {
  it('makes a single file of what is in the index, for its owner only', async () => {
    const { directory, path } = await makeIndex();
    // Held open, so that the log still has the last writes.
    const index = await openSqliteIndex({ path, ...settings });
    onTestFinished(() => index.close());
    const bucket = await index.findBucket('photos');
    await putObject(index, newObject(bucket?.id ?? 0, 'in-the-log'));
    const copy = join(directory, 'copy');
    const summary = await backUpIndex(path, copy);
    expect(summary).toMatchObject({
      sizeBytes: statSync(copy).size,
      counts: { users: 0, buckets: 1, objects: 4, uploads: 0, queuedFiles: 0 },
      problems: [],
    });
    expect(keysOf(copy)).toEqual(['a', 'b', 'c', 'in-the-log']);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    // Bytes 18 and 19 of the header are 2 for a database that needs files beside it.
    expect([...readFileSync(copy).subarray(18, 20)]).toEqual([1, 1]);
    expect(filesBeside(directory)).toEqual(['copy']);
  });

  it('is not held up by another process that goes on writing', async () => {
    const { directory, path } = await makeIndex({ large: true });
    const writer = await startWriter(path);
    let written = 0;
    writer.on('message', (count: number) => {
      written = count;
    });
    await once(writer, 'message');
    const [before, copied] = [written, [] as number[]];
    const copy = join(directory, 'copy');
    const { counts } = await backUpIndex(path, copy, {
      onProgress: (bytes) => copied.push(bytes),
    });
    await once(writer, 'message');
    expect(written).toBeGreaterThan(before);
    expect(counts.users).toBeGreaterThanOrEqual(before);
    // It began once, and went on from step to step.
    expect(copied.length).toBeGreaterThan(3);
    expect(copied).toEqual([...copied].sort((one, other) => one - other));
  });

  it('ends between two steps when it is told to, and leaves nothing', async () => {
    const { directory, path } = await makeIndex({ large: true });
    const stopping = new AbortController();
    const backup = backUpIndex(path, join(directory, 'copy'), {
      signal: stopping.signal,
      onProgress: () => stopping.abort(new Error('interrupted')),
    });
    await expect(backup).rejects.toThrow('interrupted');
    expect(filesBeside(directory)).toEqual([]);
  });

  it('leaves nothing behind when it is interrupted while the copy is verified', async () => {
    const { directory, path } = await makeIndex();
    const stopping = new AbortController();
    const backup = backUpIndex(path, join(directory, 'copy'), {
      signal: stopping.signal,
      // As a signal of the system, or a message: heard of in the next turn of the event loop.
      onVerify: () => setImmediate(() => stopping.abort(new Error('interrupted'))),
    });
    await expect(backup).rejects.toThrow('interrupted');
    expect(filesBeside(directory)).toEqual([]);
  });

  it('replaces a file only when it is told to', async () => {
    const { directory, path } = await makeIndex();
    const copy = join(directory, 'copy');
    writeFileSync(copy, 'precious');
    await expect(backUpIndex(path, copy)).rejects.toThrow(`${copy} is there already`);
    expect(readFileSync(copy, 'utf8')).toBe('precious');
    await backUpIndex(path, copy, { replaces: true });
    expect(keysOf(copy)).toEqual(['a', 'b', 'c']);
  });

  it('replaces no file that came while it copied', async () => {
    const { directory, path } = await makeIndex();
    const copy = join(directory, 'copy');
    const backup = backUpIndex(path, copy, { onVerify: () => writeFileSync(copy, 'precious') });
    await expect(backup).rejects.toThrow('is there already');
    expect(readFileSync(copy, 'utf8')).toBe('precious');
    expect(filesBeside(directory)).toEqual(['copy']);
  });

  it.each(['', '-wal', '-shm', '-journal', '.lock'])(
    'never writes over index.sqlite%s',
    async (end) => {
      const { directory, path } = await makeIndex();
      mkdirSync(join(directory, 'sub'));
      symlinkSync(directory, join(directory, 'other-name'));
      for (const name of [`index.sqlite${end}`, `sub/../other-name/index.sqlite${end}`]) {
        const backup = backUpIndex(path, join(directory, name), { replaces: true });
        await expect(backup).rejects.toThrow('belongs to the index itself');
      }
      expect(keysOf(path)).toEqual(['a', 'b', 'c']);
    },
  );

  it('says what is wrong with where the copy is to go', async () => {
    const { directory, path } = await makeIndex();
    await expect(backUpIndex(path, directory)).rejects.toThrow('is not a file');
    await expect(backUpIndex(path, join(directory, 'no/copy'))).rejects.toThrow(
      `There is no directory ${join(directory, 'no')}`,
    );
    await expect(backUpIndex(join(directory, 'none'), join(directory, 'copy'))).rejects.toThrow(
      'There is no index at',
    );
    expect(filesBeside(directory)).toEqual([]);
  });

  it('refuses to fill the disk that the index writes to', async () => {
    const { directory, path } = await makeIndex();
    const backup = backUpIndex(path, join(directory, 'copy'), { spareBytes: 2 ** 60 });
    await expect(backup).rejects.toThrow(/No room in .*: \d+ MiB are needed, \d+ MiB are free/);
    expect(filesBeside(directory)).toEqual([]);
  });

  it('takes over what a killed process left, but not what one still writes', async () => {
    const { directory, path } = await makeIndex();
    const copy = join(directory, 'copy');
    writeFileSync(`${copy}.partial`, 'half of something');
    writeFileSync(`${copy}.partial-journal`, 'its journal');
    chmodSync(`${copy}.partial`, 0o644);
    await backUpIndex(path, copy);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(filesBeside(directory)).toEqual(['copy']);

    const other = new Database(`${copy}.partial`);
    onTestFinished(() => {
      other.close();
    });
    other.exec('BEGIN EXCLUSIVE');
    const backup = backUpIndex(path, copy, { replaces: true });
    await expect(backup).rejects.toThrow('Another process is writing');
  });

  it.each<[string, RegExp, (path: string) => void]>([
    ['garbage', /is no index/, (path) => writeFileSync(path, 'x'.repeat(10_000))],
    ['an empty file', /is empty/, (path) => writeFileSync(path, '')],
    [
      'a database of something else',
      /has no schema_migrations table/,
      (path) => {
        rmSync(path);
        new Database(path).exec('CREATE TABLE cats (name TEXT)').close();
      },
    ],
    [
      'an index of a newer program',
      /has migration 9999/,
      (path) =>
        new Database(path)
          .exec("INSERT INTO schema_migrations VALUES (9999, '9999-future', 0)")
          .close(),
    ],
    [
      'an index with a damaged page',
      /is damaged: /,
      (path) => {
        const bytes = readFileSync(path);
        bytes.fill(0xa5, 4096 * 3, 4096 * 12);
        writeFileSync(path, bytes);
      },
    ],
  ])('refuses %s', async (_what, message, spoil) => {
    const { directory, path } = await makeIndex();
    const spoilt = join(directory, 'spoilt');
    await backUpIndex(path, spoilt);
    spoil(spoilt);
    const backup = backUpIndex(spoilt, join(directory, 'copy'));
    await expect(backup).rejects.toThrow(message);
    expect(filesBeside(directory)).toEqual(['spoilt']);
  });

  it('tells an index that cannot be served from one with rows that lost what they name', async () => {
    const { directory, path } = await makeIndex();
    const database = new Database(path);
    database.pragma('foreign_keys = OFF');
    database.exec('DELETE FROM buckets');
    database.close();
    const { problems } = await backUpIndex(path, join(directory, 'copy'));
    expect(problems).toEqual(['3 rows of objects name no row of buckets']);
  });

  it('fails with its own kind of error', async () => {
    const { directory, path } = await makeIndex();
    await expect(backUpIndex(path, directory)).rejects.toBeInstanceOf(IndexFileError);
  });
});
