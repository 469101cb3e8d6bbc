import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';
import type { BlobStoreEvent } from '../../../src/blob-store/blob-store.ts';
import { dispatchEvents } from '../../../src/metrics/blob-store-events.ts';
import { logBlobStoreEvents } from '../../../src/metrics/log-blob-store-events.ts';

let lines: Record<string, unknown>[];
let nowMs: number;
let tell: (event: BlobStoreEvent) => void;
beforeEach(() => {
  lines = [];
  nowMs = 0;
  const logger = pino(
    { base: null, level: 'debug', formatters: { level: (level) => ({ level }) } },
    { write: (line) => lines.push(JSON.parse(line)) },
  );
  tell = dispatchEvents([logBlobStoreEvents(logger, () => nowMs)], (error) => {
    throw error;
  });
});

const server = '10.0.0.2:23000';
const levels = () => lines.map(({ level }) => level);

const breaker = (state: 'closed' | 'open' | 'half-open', role: 'tracker' | 'storage' = 'storage') =>
  ({ kind: 'breaker', server, role, use: 'write', state, reason: 'refused' }) as const;

it('a breaker warns when it opens, not at every try, and tells when it closes', () => {
  for (const state of ['open', 'half-open', 'open', 'half-open', 'closed', 'open'] as const) {
    tell(breaker(state));
  }
  expect(levels()).toEqual(['warn', 'debug', 'debug', 'debug', 'info', 'warn']);
  expect(lines[0]).toMatchObject({ server, role: 'storage', use: 'write', reason: 'refused' });
});

it('breakers of several servers and uses are told apart', () => {
  tell(breaker('open'));
  tell(breaker('open', 'tracker'));
  tell({ ...breaker('open'), use: 'read' });
  expect(levels()).toEqual(['warn', 'warn', 'warn']);
});

it('a checksum mismatch is an error with server and file ID', () => {
  const fileId = 'group1/M00/00/00/a.jpg';
  tell({ kind: 'checksum-mismatch', direction: 'download', server, fileId });
  expect(lines).toMatchObject([{ level: 'error', direction: 'download', server, fileId }]);
});

it('a wait for replicas is worth a line only when too few came', () => {
  const wait = { kind: 'replica-wait', fileId: 'group1/M00/00/00/a.jpg', durationMs: 5 } as const;
  tell({ ...wait, outcome: 'confirmed' });
  tell({ ...wait, outcome: 'accepted' });
  tell({ ...wait, outcome: 'failed' });
  expect(lines).toMatchObject([
    { level: 'warn', fileId: wait.fileId, msg: expect.stringContaining('accepted') },
    { level: 'warn', fileId: wait.fileId, msg: expect.stringContaining('failed') },
  ]);
});

it('of many failovers one in ten seconds warns, and says how many did not', () => {
  const failover = (command: string) =>
    tell({ kind: 'failover', command, server, error: new Error('refused') });
  for (let count = 0; count < 4; count += 1) failover('UPLOAD_FILE');
  failover('DOWNLOAD_FILE');
  nowMs = 10_000;
  failover('UPLOAD_FILE');
  const warnings = lines.filter(({ level }) => level === 'warn');
  expect(warnings).toMatchObject([
    { command: 'UPLOAD_FILE', server, leftOutCount: 0 },
    { command: 'DOWNLOAD_FILE', leftOutCount: 0 },
    { command: 'UPLOAD_FILE', leftOutCount: 3 },
  ]);
  expect(lines).toHaveLength(6);
});

it('a subscriber that fails is told of and does not keep events from the others', () => {
  const failures: unknown[] = [];
  const seen: string[] = [];
  const noted = (kind: string) => () => void seen.push(kind);
  const handlers = {
    failover: noted('failover'),
    breaker: noted('breaker'),
    'replica-wait': noted('replica-wait'),
    'checksum-mismatch': noted('checksum-mismatch'),
    'connection-closed': noted('connection-closed'),
  };
  const broken = new Error('broken');
  const throwing = {
    ...handlers,
    breaker: () => {
      throw broken;
    },
  };
  const dispatch = dispatchEvents([throwing, handlers], (error) => failures.push(error));
  dispatch(breaker('open'));
  expect(seen).toEqual(['breaker']);
  expect(failures).toEqual([broken]);
});
