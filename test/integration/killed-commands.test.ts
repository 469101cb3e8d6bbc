import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { backUpIndex } from '../../src/object-index/copy-index.ts';
import { type CommandResult, run } from '../support/command-line.ts';
import { gatewayEnvironment } from '../support/gateway-process.ts';
import { addKeysInLog, filesNamed, keysIn, makeIndexFile } from '../support/index-files.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const OLD = ['a', 'b'];
const NEW = ['a', 'b', 'in-log-1', 'in-log-2'];
/** More calls than any of the commands makes. */
const CALLS_MAX = 100;

/**
 * Commands that are killed just before each of their calls that change the file system. What SQLite
 * writes by itself in between is a transaction, or a file that has no name yet that counts.
 */
describe('commands on the files of the index, killed at every step', () => {
  let template: string;
  let backup: string;

  beforeEach(async () => {
    template = join(temporaryDirectory(), 'data');
    const path = join(template, 'index.sqlite');
    await makeIndexFile(path, OLD);
    backup = join(temporaryDirectory(), 'backup.sqlite');
    await backUpIndex(path, backup);
    // As after a gateway that was killed: the log has keys that the database has not.
    await addKeysInLog(path, NEW.slice(2));
  });

  /** Runs the command on a fresh copy of the data for each of its steps. */
  async function killAtEachStep(
    commandLine: (directory: string) => readonly string[],
    check: (directory: string, result: CommandResult) => Promise<void> | void,
  ): Promise<number> {
    for (let at = 1; at <= CALLS_MAX; at += 1) {
      const directory = temporaryDirectory();
      const dataDir = join(directory, 'data');
      cpSync(template, dataDir, { recursive: true });
      const result = await run(
        process.execPath,
        [
          '--import',
          './test/support/kill-at-call.mjs',
          'dist/cli/main.js',
          ...commandLine(directory),
        ],
        { env: { ...gatewayEnvironment(dataDir), KILL_AT_CALL: String(at) } },
      );
      await check(directory, result);
      if (result.code === 0) return at;
      expect(result).toMatchObject({ code: null, stderr: '' });
    }
    throw new Error('the command never ended by itself');
  }

  const restoreAgain = async (dataDir: string) => {
    const commandLine = ['dist/cli/main.js', 'restore', backup];
    const { code, stderr } = await run(process.execPath, commandLine, {
      env: gatewayEnvironment(dataDir),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(keysIn(join(dataDir, 'index.sqlite'))).toEqual(OLD);
  };

  it('restore leaves the old index or the new one, and can be run again', async () => {
    const seen = new Set<string>();
    const steps = await killAtEachStep(
      () => ['restore', backup],
      async (directory, { code }) => {
        const dataDir = join(directory, 'data');
        const keys = keysIn(join(dataDir, 'index.sqlite'));
        expect([OLD, NEW]).toContainEqual(keys);
        seen.add(keys.join());
        if (code === 0 || keys.length === OLD.length) {
          const [kept = ''] = filesNamed(dataDir, 'index.sqlite.before-restore-');
          expect(keysIn(join(dataDir, kept))).toEqual(NEW);
          if (code === 0) expect(filesNamed(dataDir, 'index.sqlite')).toHaveLength(2);
        }
        await restoreAgain(dataDir);
        expect(filesNamed(dataDir, 'index.sqlite.partial')).toEqual([]);
      },
    );
    expect(steps).toBeGreaterThan(8);
    expect(seen.size).toBe(2);
  });

  it('compact leaves every key, and can be run again', async () => {
    const steps = await killAtEachStep(
      () => ['compact'],
      async (directory) => {
        const dataDir = join(directory, 'data');
        expect(keysIn(join(dataDir, 'index.sqlite'))).toEqual(NEW);
        await restoreAgain(dataDir);
      },
    );
    expect(steps).toBeGreaterThan(5);
  });

  it('backup leaves a whole file or none of that name', async () => {
    const steps = await killAtEachStep(
      (directory) => ['backup', join(directory, 'copy')],
      (directory, { code }) => {
        const copy = join(directory, 'copy');
        if (existsSync(copy)) expect(keysIn(copy)).toEqual(NEW);
        if (code !== 0) return;
        expect(readdirSync(directory).sort()).toEqual(['copy', 'data']);
        expect(keysIn(copy)).toEqual(NEW);
      },
    );
    expect(steps).toBeGreaterThan(4);
  });
});
