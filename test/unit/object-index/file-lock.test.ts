import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { shareFileLock, takeFileLock } from '../../../src/object-index/file-lock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const newPath = () => join(temporaryDirectory(), 'gateway.lock');

/** Takes the lock in another process, says how that went, and ends without releasing it. */
function takeElsewhere(path: string): string {
  const script = `
    const database = new (require('better-sqlite3'))(process.argv[1], { timeout: 0 });
    try { database.exec('BEGIN EXCLUSIVE'); console.log('taken'); }
    catch (error) { console.log(error.code); }
    process.kill(process.pid, 'SIGKILL');`;
  try {
    return execFileSync(process.execPath, ['-e', script, path], { encoding: 'utf8' }).trim();
  } catch (error) {
    return String((error as { stdout: string }).stdout).trim();
  }
}

it('is taken once', () => {
  const path = newPath();
  const lock = takeFileLock(path);
  expect(lock).not.toBeNull();
  expect(takeFileLock(path)).toBeNull();
  expect(takeElsewhere(path)).toBe('SQLITE_BUSY');
  lock?.release();
});

it('can be taken again after it was released', () => {
  const path = newPath();
  takeFileLock(path)?.release();
  const lock = takeFileLock(path);
  expect(lock).not.toBeNull();
  lock?.release();
});

it('is free after its owner was killed', () => {
  const path = newPath();
  expect(takeElsewhere(path)).toBe('taken');
  const lock = takeFileLock(path);
  expect(lock).not.toBeNull();
  lock?.release();
});

it('is shared by many, and has no owner meanwhile', () => {
  const path = newPath();
  const sharers = [shareFileLock(path), shareFileLock(path)];
  expect(sharers).not.toContain(null);
  expect(takeElsewhere(path)).toBe('SQLITE_BUSY');
  sharers[0]?.release();
  expect(takeElsewhere(path)).toBe('SQLITE_BUSY');
  expect(takeFileLock(path, 50)).toBeNull();
  sharers[1]?.release();
  const owner = takeFileLock(path);
  expect(owner).not.toBeNull();
  expect(shareFileLock(path)).toBeNull();
  owner?.release();
});

it('fails when the directory is missing', () => {
  expect(() => takeFileLock('/nowhere/gateway.lock')).toThrow(/directory/);
});
