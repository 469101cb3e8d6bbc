import { expect, it } from 'vitest';
import { renderClusterState } from '../../../src/cli/cluster-report.ts';
import { groupState, storageServerState } from '../../support/cluster-states.ts';

const now = Date.UTC(2025, 0, 1);

it('shows trackers, groups and storage servers in three tables', () => {
  const server = storageServerState({ lastHeartbeatMs: now - 3000 });
  const idle = { ...server, host: '10.0.0.3', status: 'OFFLINE', lastHeartbeatMs: 0 };
  const report = renderClusterState(
    {
      trackers: [
        { host: '10.0.0.1', port: 22122, reachable: true, problem: null },
        { host: '10.0.0.9', port: 22122, reachable: false, problem: 'connection refused' },
      ],
      groups: [groupState([server, idle], { totalMib: 3 * 2 ** 20, freeMib: 0 })],
    },
    now,
  );
  expect(report.split('\n')).toEqual([
    'TRACKER         STATE',
    '10.0.0.1:22122  reachable',
    '10.0.0.9:22122  unreachable: connection refused',
    '',
    'GROUP   ACTIVE  TOTAL    FREE   USED',
    'group1  1 of 2  3.0 TiB  0 MiB  100%',
    '',
    'GROUP   STORAGE SERVER  STATE    VERSION  TOTAL    FREE     USED  HEARTBEAT',
    'group1  10.0.0.2:23000  ACTIVE   6.16.1   1.0 GiB  256 MiB  75%   3 s ago',
    'group1  10.0.0.3:23000  OFFLINE  6.16.1   1.0 GiB  256 MiB  75%   never',
  ]);
});

it('stops after the trackers when none of them answers', () => {
  const trackers = [{ host: 'a', port: 1, reachable: false, problem: null }];
  expect(renderClusterState({ trackers, groups: [] }, now)).toBe(
    'TRACKER  STATE\na:1      unreachable: unknown',
  );
});
