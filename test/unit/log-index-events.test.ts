import { expect, it } from 'vitest';
import { logIndexEvents } from '../../src/log-index-events.ts';
import type { IndexEvent } from '../../src/object-index/index-events.ts';
import type { Logger } from '../../src/support/logger.ts';

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
  const lines: unknown[][] = [];
  const note = (name: string) => (fields: unknown, text?: unknown) =>
    lines.push([name, fields, text]);
  const logger = { info: note('info'), warn: note('warn'), error: note('error') };
  logIndexEvents(logger as unknown as Logger, '/data/index')(event);
  expect(lines).toEqual([[level, facts, expect.stringMatching(message)]]);
});
