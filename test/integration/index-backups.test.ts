import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type * as IndexBackups from '../../src/object-index/index-backups.ts';
import { describeWithProgram, run, runOk } from '../support/command-line.ts';
import { gatewayEnvironment } from '../support/gateway-process.ts';
import { keysIn, makeIndexFile } from '../support/index-files.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Threads load compiled code. */
const compiled = new URL('../../dist/object-index/index-backups.js', import.meta.url).href;

const canMount = (() => {
  const path = join('/tmp', `can-mount-${process.pid}`);
  mkdirSync(path);
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', 'none', path]).status === 0;
  if (isMounted) spawnSync('umount', [path]);
  rmSync(path, { recursive: true });
  return isMounted;
})();

describe('backups of an index', () => {
  let dataDir: string;
  let indexPath: string;
  beforeEach(async () => {
    dataDir = join(temporaryDirectory(), 'data');
    indexPath = join(dataDir, 'index.sqlite');
    await makeIndexFile(indexPath, ['a', 'b']);
  });
  const cli = (...commandLine: string[]) =>
    run(process.execPath, ['dist/cli/main.js', ...commandLine], {
      env: gatewayEnvironment(dataDir),
    });

  it('are made on a thread, which can be stopped', async () => {
    const { IndexBackupFiles } = (await import(compiled)) as typeof IndexBackups;
    const directory = join(dataDir, 'backups');
    const backups = new IndexBackupFiles({ indexPath, directory, indexId: 'ab12', keepCount: 1 });
    const timesMs = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)];
    for (const timeMs of timesMs) await backups.make(timeMs, new AbortController().signal);
    await expect(backups.make(Date.UTC(2026, 0, 3), AbortSignal.abort())).rejects.toThrow(
      'stopped',
    );
    expect(readdirSync(directory)).toEqual(['index-ab12-20260102T000000Z.sqlite']);
    const newest = await backups.findNewest(Date.UTC(2026, 0, 4));
    expect(keysIn(newest?.path ?? '')).toEqual(['a', 'b']);
  });

  describe.skipIf(!canMount)(`to a full disk${canMount ? '' : ' (cannot mount one)'}`, () => {
    it('fail with a clear word and leave nothing', async () => {
      const disk = temporaryDirectory();
      await runOk('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]);
      onTestFinished(() => runOk('umount', [disk]).then(() => {}));
      const { code, stderr } = await cli('backup', join(disk, 'copy'));
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^fastdfs-s3: No room in .*: \d+ KiB are needed, 64 KiB are free\.\n$/,
      );
      expect(readdirSync(disk)).toEqual([]);
    });
  });

  describeWithProgram('prlimit', () => {
    it.each(['backup', 'restore', 'compact'])(
      '%s fails at a limit on the size of files, and nothing has changed',
      async (name) => {
        const backup = join(dataDir, '../backup');
        expect(await cli('backup', backup)).toMatchObject({ code: 0 });
        const given = { backup: [join(dataDir, '../other')], restore: [backup], compact: [] }[name];
        const { code, stdout, stderr } = await run(
          'prlimit',
          ['--fsize=65536', process.execPath, 'dist/cli/main.js', name, ...(given ?? [])],
          { env: gatewayEnvironment(dataDir) },
        );
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toMatch(/^fastdfs-s3: .*(limit|No space).*\n$/);
        expect(keysIn(indexPath)).toEqual(['a', 'b']);
        expect(readdirSync(join(dataDir, '..')).sort()).toEqual(['backup', 'data']);
        expect(readdirSync(dataDir).filter((file) => /partial|before/.test(file))).toEqual([]);
      },
    );
  });
});
