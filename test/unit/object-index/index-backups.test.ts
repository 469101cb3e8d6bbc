import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { backupNameOf, parseBackupName } from '../../../src/object-index/backup-files.ts';
import {
  type BackupSettings,
  type BackupWorkerData,
  IndexBackupFiles,
  resultOf,
} from '../../../src/object-index/index-backups.ts';
import { keysIn, makeIndexFile } from '../../support/index-files.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { startTypescriptWorker } from '../../support/typescript-worker.ts';

const HOUR_MS = 3_600_000;
const startMs = Date.UTC(2026, 0, 31, 22, 0, 0);
const going = () => new AbortController().signal;

describe('names of backups', () => {
  it('say of which index and when', () => {
    const name = backupNameOf('1f2e3d4c', startMs + 999);
    expect(name).toBe('index-1f2e3d4c-20260131T220000Z.sqlite');
    expect(parseBackupName('1f2e3d4c', name)).toEqual({ name, timeMs: startMs });
  });

  it.each([
    'index-00000000-20260131T220000Z.sqlite',
    'index-1f2e3d4c-20260131T220000Z.sqlite.partial',
    'index-1f2e3d4c-20260131T220000Z.sqlite-wal',
    'my-index-1f2e3d4c-20260131T220000Z.sqlite',
    'index-1f2e3d4c-20261331T220000Z.sqlite',
    'index-1f2e3d4c-20260231T220000Z.sqlite',
    'index-1f2e3d4c-20260131T220000.sqlite',
    'index.sqlite',
  ])('%s is none of them', (name) => {
    expect(parseBackupName('1f2e3d4c', name)).toBeNull();
  });
});

describe('IndexBackupFiles', () => {
  let settings: BackupSettings;
  let files: IndexBackupFiles;
  beforeEach(async () => {
    const root = temporaryDirectory();
    const indexPath = join(root, 'index.sqlite');
    await makeIndexFile(indexPath, ['a', 'b']);
    settings = { indexPath, directory: join(root, 'deep/backups'), indexId: 'ab12', keepCount: 2 };
    files = new IndexBackupFiles(settings, false);
  });
  const names = () => readdirSync(settings.directory).sort();

  it('makes the directory and a backup in it', async () => {
    expect(await files.findNewest(startMs)).toBeNull();
    const made = await files.make(startMs, going());
    const path = join(settings.directory, 'index-ab12-20260131T220000Z.sqlite');
    expect(made).toMatchObject({ path, timeMs: startMs, objectCount: 2, removedPaths: [] });
    expect(keysIn(path)).toEqual(['a', 'b']);
    const { sizeBytes } = made;
    expect(await files.findNewest(startMs)).toEqual({ path, timeMs: startMs, sizeBytes });
  });

  it('keeps the newest ones and touches no other file', async () => {
    mkdirSync(settings.directory, { recursive: true });
    const others = [
      'index-ffff-20200101T000000Z.sqlite',
      'index-ab12-20990101T000000Z.sqlite',
      'index-ab12-before-upgrade.sqlite',
      'notes.txt',
    ];
    for (const name of others) writeFileSync(join(settings.directory, name), '');
    for (const hours of [0, 1, 2, 3]) await files.make(startMs + hours * HOUR_MS, going());
    expect(names()).toEqual(
      [
        ...others,
        'index-ab12-20260201T000000Z.sqlite',
        'index-ab12-20260201T010000Z.sqlite',
      ].sort(),
    );
    // What seems to come from the future does not put off the next one.
    expect(await files.findNewest(startMs + 9 * HOUR_MS)).toMatchObject({
      timeMs: startMs + 3 * HOUR_MS,
    });
  });

  it('removes what a killed process left unfinished, but no finished one when it fails', async () => {
    await files.make(startMs, going());
    const finished = 'index-ab12-20260131T220000Z.sqlite';
    for (const end of ['', '-journal']) {
      const name = `index-ab12-20260131T230000Z.sqlite.partial${end}`;
      writeFileSync(join(settings.directory, name), 'half');
    }
    const broken = new IndexBackupFiles(
      { ...settings, indexPath: '/nowhere', keepCount: 1 },
      false,
    );
    await expect(broken.make(startMs + HOUR_MS, going())).rejects.toThrow('no index at /nowhere');
    expect(names()).toEqual([finished]);
  });

  describe('on a thread', () => {
    const start = (workerData: BackupWorkerData) =>
      startTypescriptWorker(
        new URL('../../../src/object-index/backup-worker.ts', import.meta.url),
        { workerData },
      );

    it('makes the same backup', async () => {
      const worker = start({ settings, nowMs: startMs });
      expect(await resultOf(worker, going())).toMatchObject({ timeMs: startMs, objectCount: 2 });
      expect(names()).toEqual(['index-ab12-20260131T220000Z.sqlite']);
    });

    it('tells why it failed', async () => {
      const worker = start({ settings: { ...settings, indexPath: '/nowhere' }, nowMs: startMs });
      await expect(resultOf(worker, going())).rejects.toThrow('There is no index at /nowhere');
    });

    it('stops when it is told to, and leaves nothing', async () => {
      const worker = start({ settings, nowMs: startMs });
      await expect(resultOf(worker, AbortSignal.abort())).rejects.toThrow('stopped');
      expect(names()).toEqual([]);
    });
  });
});
