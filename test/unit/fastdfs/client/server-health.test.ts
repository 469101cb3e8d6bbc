import { beforeEach, describe, expect, it } from 'vitest';
import {
  FastdfsConnectionError,
  FastdfsStatusError,
} from '../../../../src/fastdfs/client/errors.ts';
import { type HealthChange, ServerHealth } from '../../../../src/fastdfs/client/server-health.ts';

const server = { host: '10.0.0.2', port: 23_000 };
const other = { host: '10.0.0.3', port: 23_000 };
const reset = new FastdfsConnectionError('DOWNLOAD_FILE', server, 'receive', 'reset');
const status = (fastdfsStatus: number) =>
  new FastdfsStatusError('UPLOAD_FILE', server, fastdfsStatus);

let changes: HealthChange[] = [];
let health: ServerHealth;

function withCoolOff(coolOffMs: number): ServerHealth {
  return new ServerHealth({ coolOffMs, coolOffMsMax: 60_000 }, (change) => changes.push(change));
}

beforeEach(() => {
  changes = [];
  health = withCoolOff(60_000);
});

function avoided(): { read: boolean; write: boolean } {
  return { read: health.isAvoided(server, 'read'), write: health.isAvoided(server, 'write') };
}

describe('a failure', () => {
  it.each([
    ['a reset', reset, { read: true, write: true }],
    ['no space', status(28), { read: false, write: true }],
    ['a failing disk', status(5), { read: false, write: true }],
    ['a missing file', status(2), { read: false, write: false }],
    ['a bad request', status(22), { read: false, write: false }],
    [
      'a full pool of ours',
      new FastdfsConnectionError('UPLOAD_FILE', server, 'queue', 'all are in use'),
      { read: false, write: false },
    ],
    ['an error of ours', new Error('a mistake'), { read: false, write: false }],
  ])('of an upload by %s', (_name, error, expected) => {
    health.failed(server, 'write', error);
    expect(avoided()).toEqual(expected);
    expect(health.isAvoided(other, 'write')).toBe(false);
  });

  it('is forgotten when the server works', () => {
    health.failed(server, 'write', reset);
    health.works(server, 'write');
    expect(avoided()).toEqual({ read: true, write: false });
  });

  it('is told once with its reason', () => {
    health.failed(server, 'write', status(28));
    health.failed(server, 'write', status(28));
    health.works(server, 'write');
    expect(changes).toMatchObject([
      { address: server, use: 'write', state: 'open', reason: expect.stringContaining('ENOSPC') },
      { address: server, use: 'write', state: 'closed' },
    ]);
  });
});

describe('a server that failed', () => {
  it('gets one request at a time once its cool-off is over', () => {
    health = withCoolOff(0);
    health.failed(server, 'read', reset);
    expect(health.state(server, 'read')).toBe('half-open');
    expect(health.isAvoided(server, 'read')).toBe(false);
    health.attempt(server, 'read');
    expect(health.isAvoided(server, 'read')).toBe(true);
    health.works(server, 'read');
    expect(health.isAvoided(server, 'read')).toBe(false);
  });

  it.each([
    ['was given up by its client', new Error('the client is gone')],
    ['was refused for its own sake', status(22)],
    ['found no free connection', new FastdfsConnectionError('X', server, 'queue', 'all in use')],
  ])('gets the next request when the one that tried it %s', (_name, error) => {
    health = withCoolOff(0);
    health.failed(server, 'read', reset);
    health.attempt(server, 'read');
    health.failed(server, 'read', error);
    expect(health.state(server, 'read')).toBe('half-open');
    expect(health.isAvoided(server, 'read')).toBe(false);
  });
});

describe('pings', () => {
  it('that are not answered keep the server out, whatever a late answer says', () => {
    health = withCoolOff(0);
    health.pinged(server, reset);
    health.works(server, 'read');
    expect(avoided()).toEqual({ read: true, write: true });
    expect(health.state(server, 'read')).toBe('open');
  });

  it('that are answered again let one request try at once', () => {
    health.pinged(server, reset);
    health.pinged(server, null);
    expect(health.state(server, 'write')).toBe('half-open');
    expect(avoided()).toEqual({ read: false, write: false });
  });

  it('that are answered do not excuse failures', () => {
    health.failed(server, 'write', status(28));
    health.pinged(server, null);
    expect(avoided()).toEqual({ read: false, write: true });
  });

  it('of a server that never failed cost and tell nothing', () => {
    health.pinged(server, null);
    expect(changes).toEqual([]);
    expect(health.state(server, 'read')).toBe('closed');
  });
});

describe('servers that are only read', () => {
  it('tell of no breaker for uploads, which nothing would ever close', () => {
    const told: HealthChange[] = [];
    const settings = { coolOffMs: 60_000, coolOffMsMax: 60_000 };
    const trackers = new ServerHealth(settings, (change) => told.push(change), ['read']);
    trackers.failed(server, 'read', reset);
    trackers.pinged(server, reset);
    trackers.pinged(server, null);
    trackers.works(server, 'read');
    expect(told.map(({ use, state }) => `${use} ${state}`)).toEqual([
      'read open',
      'read half-open',
      'read closed',
    ]);
  });
});
