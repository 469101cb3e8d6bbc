import { expect, it } from 'vitest';
import type { StorageServerState } from '../../../src/blob-store/blob-store.ts';
import { renderClusterState } from '../../../src/cli/cluster-report.ts';
import { groupState, storageServerState } from '../../support/cluster-states.ts';

const now = Date.UTC(2025, 0, 1);
const tracker = { host: '10.0.0.1', port: 22122, reachable: true, problem: null };

/** The last column of the lines of storage servers. */
function lastColumn(servers: readonly Partial<StorageServerState>[], hasBreakers = false) {
  const members = servers.map((given, n) =>
    storageServerState({ host: `10.0.0.${n + 2}`, id: `${n}`, ...given }),
  );
  const state = { trackers: [tracker], groups: [groupState(members)] };
  const [, , table = ''] = renderClusterState(state, now, hasBreakers).split('\n\n');
  const [heading = '', ...lines] = table.split('\n');
  const start = heading.lastIndexOf(hasBreakers ? 'BREAKERS' : 'SYNC');
  return lines.map((line) => line.slice(start));
}

it('shows trackers, groups and storage servers in three tables', () => {
  const server = storageServerState({ lastHeartbeatMs: now - 3000 });
  const idle = {
    ...server,
    host: 'fd00::3',
    status: 'OFFLINE',
    isWritable: false,
    lastHeartbeatMs: 0,
  };
  const trackers = [
    tracker,
    { host: '10.0.0.9', port: 22122, reachable: false, problem: 'connection refused' },
  ];
  const group = groupState([server, idle], { totalMib: 3 * 2 ** 20, freeMib: 0 });
  expect(renderClusterState({ trackers, groups: [group] }, now, true).split('\n')).toEqual([
    'TRACKER         STATE',
    '10.0.0.1:22122  reachable',
    '10.0.0.9:22122  unreachable: connection refused',
    '',
    'GROUP   WRITABLE  TOTAL    FREE          RESERVED  USED',
    'group1  1 of 2    3.0 TiB  0 MiB (full)  10 MiB    100%',
    '',
    'GROUP   STORAGE SERVER   STATE    VERSION  FREE     RESERVED  USED  HEARTBEAT  SYNC     BREAKERS',
    'group1  10.0.0.2:23000   ACTIVE   6.16.1   256 MiB  10 MiB    75%   3 s ago    has all  closed',
    'group1  [fd00::3]:23000  OFFLINE  6.16.1   256 MiB  10 MiB    75%   never      has all  closed',
  ]);
});

it('stops after the trackers when none of them answers', () => {
  const trackers = [{ host: 'a', port: 1, reachable: false, problem: null }];
  expect(renderClusterState({ trackers, groups: [] }, now, true)).toBe(
    'TRACKER  STATE\na:1      unreachable: unknown',
  );
});

it('tells of each storage server whether it has the files of its peers', () => {
  const hourAgo = now - 3_600_000;
  expect(
    lastColumn([
      { lastSourceUpdateMs: now - 5_000, lastSyncedMs: 0 },
      { lastSyncedMs: hourAgo },
      { lastSyncedMs: now - 5_000 },
      {},
    ]),
  ).toEqual([
    'has all',
    'behind: has up to 60 min ago, newest 5 s ago',
    'has all',
    'behind: has nothing, newest 5 s ago',
  ]);
  expect(lastColumn([{ lastSourceUpdateMs: now }])).toEqual(['no peer']);
});

it('tells breakers that are not closed', () => {
  const breakers = { read: 'closed', write: 'open' } as const;
  expect(lastColumn([{ breakers }, {}], true)).toEqual(['read closed, write open', 'closed']);
});

it('marks what is full and what is read-only', () => {
  const full = storageServerState({ freeMib: 10, reservedMib: 10, isWritable: false });
  const report = renderClusterState(
    { trackers: [tracker], groups: [groupState([full])] },
    now,
    false,
  );
  expect(report).toContain('10 MiB (full)');
  expect(report).toContain('ACTIVE (read-only)');
  expect(report).toContain('0 of 1');
  expect(report).not.toContain('BREAKERS');
});
