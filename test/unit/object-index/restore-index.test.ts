import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { backUpIndex } from '../../../src/object-index/copy-index.ts';
import { keptPathOf, removeLeftovers } from '../../../src/object-index/replace-index.ts';
import { restoreIndex } from '../../../src/object-index/restore-index.ts';
import { openSqliteIndex } from '../../../src/object-index/sqlite-index.ts';
import { addKeysInLog, filesNamed, keysIn, makeIndexFile } from '../../support/index-files.ts';
import { newFileId, newObject, putObject } from '../../support/new-records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const nowMs = Date.UTC(2026, 0, 31, 23, 59, 58, 765);
const keptName = 'index.sqlite.before-restore-20260131T235958Z';

describe('restoreIndex', () => {
  let directory: string;
  let path: string;
  let file: string;
  const restore = () => restoreIndex(file, path, { nowMs });
  const kept = () => join(directory, keptName);
  const files = () => filesNamed(directory, 'index.sqlite');

  beforeEach(async () => {
    directory = temporaryDirectory();
    path = join(directory, 'index.sqlite');
    file = join(directory, 'backup');
    await makeIndexFile(path, ['old']);
    await backUpIndex(path, file);
    await addKeysInLog(path, ['new-1', 'new-2']);
    expect(files()).toContain('index.sqlite-wal');
  });

  it('puts the backup in place and keeps the index that was there, with its log', async () => {
    const result = await restore();
    expect(result).toMatchObject({ keptPath: kept(), takenOffQueueCount: 0, problems: [] });
    expect(files()).toEqual(['index.sqlite', keptName]);
    expect(keysIn(path)).toEqual(['old']);
    expect(keysIn(kept())).toEqual(['new-1', 'new-2', 'old']);
    expect(keysIn(file)).toEqual(['old']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const index = await openSqliteIndex({ path, deleteDelayMs: 0, threads: false });
    const bucket = await index.findBucket('photos');
    await putObject(index, newObject(bucket?.id ?? 0, 'after'));
    await index.close();
    expect(keysIn(path)).toEqual(['after', 'old']);
  });

  it('keeps each index under a name of its own, twice in one second as well', async () => {
    await restore();
    await restore();
    expect(files()).toEqual(['index.sqlite', keptName, `${keptName}-2`]);
    expect(keysIn(kept())).toEqual(['new-1', 'new-2', 'old']);
  });

  it('restores into a directory where nothing is', async () => {
    path = join(directory, 'new-machine/data/index.sqlite');
    expect(await restore()).toMatchObject({ keptPath: null });
    expect(keysIn(path)).toEqual(['old']);
  });

  it('never leaves the log of an index that was lost beside the restored one', async () => {
    rmSync(path);
    expect(await restore()).toMatchObject({ keptPath: null });
    expect(files()).toEqual(['index.sqlite']);
    expect(keysIn(path)).toEqual(['old']);
  });

  it('keeps what is left of an index that cannot be read, with its log', async () => {
    writeFileSync(path, 'x'.repeat(20_000));
    const logSize = statSync(`${path}-wal`).size;
    expect(await restore()).toMatchObject({ keptPath: kept() });
    expect(files()).toEqual(['index.sqlite', keptName, `${keptName}-wal`]);
    expect(keysIn(path)).toEqual(['old']);
    expect(statSync(kept()).size).toBe(20_000);
    expect(statSync(`${kept()}-wal`).size).toBe(logSize);
  });

  it('refuses while another process has the index open, and changes nothing', async () => {
    const child = spawn(
      process.execPath,
      [
        '-e',
        `const database = new (require('better-sqlite3'))(process.argv[1]);
        database.prepare('SELECT COUNT(*) FROM objects').get();
        process.send('open');
        setInterval(() => database.open, 1000);`,
        path,
      ],
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    );
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await once(child, 'message');
    await expect(restore()).rejects.toThrow(`Another process has the index ${path} open`);
    expect(files()).toEqual(['index.sqlite', 'index.sqlite-shm', 'index.sqlite-wal']);
    expect(keysIn(path)).toEqual(['new-1', 'new-2', 'old']);
  });

  it('changes nothing when it is interrupted', async () => {
    const stopping = new AbortController();
    const restoring = restoreIndex(file, path, {
      nowMs,
      signal: stopping.signal,
      onVerify: () => stopping.abort(new Error('interrupted')),
    });
    await expect(restoring).rejects.toThrow('interrupted');
    expect(keysIn(path)).toEqual(['new-1', 'new-2', 'old']);
    expect(files()).toEqual(['index.sqlite']);
  });

  it('changes nothing when it is interrupted while the copy is verified', async () => {
    const stopping = new AbortController();
    const restoring = restoreIndex(file, path, {
      nowMs,
      signal: stopping.signal,
      onVerify: () => setImmediate(() => stopping.abort(new Error('interrupted'))),
    });
    await expect(restoring).rejects.toThrow('interrupted');
    expect(keysIn(path)).toEqual(['new-1', 'new-2', 'old']);
    expect(files()).toEqual(['index.sqlite']);
  });

  it.each<[string, RegExp, () => void]>([
    [
      'garbage',
      /is no index/,
      () => writeFileSync(file, 'not a database, but long enough'.repeat(99)),
    ],
    ['half of a backup', /is damaged|cannot be/, () => truncateSync(file, 4096 * 5)],
    ['nothing', /There is no file/, () => rmSync(file)],
    [
      'a backup of a newer program',
      /has migration 9999, this program knows/,
      () =>
        new Database(file)
          .exec("INSERT INTO schema_migrations VALUES (9999, '9999-future', 0)")
          .close(),
    ],
    [
      'the index itself',
      /is the index itself/,
      () => {
        rmSync(file);
        linkSync(path, file);
      },
    ],
  ])('refuses %s, and changes nothing', async (_what, message, spoil) => {
    spoil();
    await expect(restore()).rejects.toThrow(message);
    rmSync(file, { force: true });
    expect(keysIn(path)).toEqual(['new-1', 'new-2', 'old']);
    expect(files()).toEqual(['index.sqlite']);
  });

  it('takes files off the deletion queue that are referred to', async () => {
    const database = new Database(file);
    const inUse = database.prepare('SELECT file_id FROM objects').pluck().get();
    const insert = database.prepare(
      "INSERT INTO deletion_queue (file_id, group_name, not_before_ms) VALUES (?, 'group1', 0)",
    );
    const unneeded = newFileId();
    insert.run(inUse);
    insert.run(unneeded);
    database.close();
    expect(await restore()).toMatchObject({ takenOffQueueCount: 1 });
    const restored = new Database(path);
    expect(restored.prepare('SELECT file_id FROM deletion_queue').pluck().all()).toEqual([
      unneeded,
    ]);
    restored.close();
  });

  it('lets nobody write to the index that was there who opened it before', async () => {
    // Opened, but not read yet: such a process holds no lock that could be seen.
    const late = new Database(path, { timeout: 5_000 });
    onTestFinished(() => {
      late.close();
    });
    await restore();
    expect(() => late.pragma('journal_mode = WAL')).toThrow(/readonly/);
    expect(keysIn(path)).toEqual(['old']);
    expect(keysIn(kept())).toEqual(['new-1', 'new-2', 'old']);
  });

  it('cleans up behind a restore that was killed before it was done', async () => {
    linkSync(path, keptPathOf(path, nowMs));
    linkSync(file, keptPathOf(path, nowMs + 1_000));
    writeFileSync(`${path}.partial`, 'half');
    removeLeftovers(path);
    expect(files()).toEqual([
      'index.sqlite',
      'index.sqlite-wal',
      'index.sqlite.before-restore-20260131T235959Z',
    ]);
  });
});
