import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { logIndexEvents } from '../../src/log-index-events.ts';
import type { IndexEvent } from '../../src/object-index/index-events.ts';
import type { Logger } from '../../src/support/logger.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

it.each<[IndexEvent, string, object, RegExp]>([
  [
    { kind: 'log-held', sizeBytes: 80 * 2 ** 20, growingMs: 12_345 },
    'warn',
    { path: '/data/index', sizeMib: 80, growingSeconds: 12 },
    /fuser \/data\/index/,
  ],
  [{ kind: 'log-freed', sizeBytes: 2 ** 20 }, 'info', { path: '/data/index', sizeMib: 1 }, /small/],
  [
    { kind: 'checkpoint-failed', message: 'disk I/O error' },
    'error',
    { path: '/data/index', reason: 'disk I/O error' },
    /look at the disk/,
  ],
])('logs %j as %s', (event, level, facts, message) => {
  const lines = linesOf(event, '/data/index', '/data/backups');
  expect(lines).toEqual([[level, facts, expect.stringMatching(message)]]);
});

it.each(['backups/index-1f2e3d4c-20260131T235959Z.sqlite.partial', 'index.fsck.partial'])(
  'blames no program for %s while that grows',
  (name) => {
    const directory = temporaryDirectory();
    const [path, backups] = [join(directory, 'index'), join(directory, 'backups')];
    mkdirSync(backups);
    const copyPath = join(directory, name);
    writeFileSync(copyPath, 'x');
    const event: IndexEvent = { kind: 'log-held', sizeBytes: 2 ** 30, growingMs: 20_000 };
    const facts = { path, sizeMib: 1024, growingSeconds: 20 };
    expect(linesOf(event, path, backups)).toEqual([
      ['info', { ...facts, copyPath }, expect.stringContaining('is being copied')],
    ]);
    // What a process has left that was killed.
    utimesSync(copyPath, 0, 0);
    expect(linesOf(event, path, backups)).toEqual([
      ['warn', facts, expect.stringContaining('a program keeps reading')],
    ]);
  },
);

function linesOf(event: IndexEvent, path: string, backups: string): unknown[][] {
  const lines: unknown[][] = [];
  const note = (name: string) => (fields: unknown, text?: unknown) =>
    lines.push([name, fields, text]);
  const logger = { info: note('info'), warn: note('warn'), error: note('error') };
  logIndexEvents(logger as unknown as Logger, path, backups)(event);
  return lines;
}
