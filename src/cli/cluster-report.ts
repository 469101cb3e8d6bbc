import type { ClusterState, GroupState, StorageServerState } from '../blob-store/blob-store.ts';
import { uploadProblem } from '../core/cluster-health.ts';
import { syncStateOf } from '../core/sync-state.ts';
import { renderHostPort } from '../support/units.ts';
import { renderTable } from './table.ts';

const trackerHeadings = ['TRACKER', 'STATE'];
const groupHeadings = ['GROUP', 'WRITABLE', 'TOTAL', 'FREE', 'RESERVED', 'USED'];
const serverHeadings = [
  'GROUP',
  'STORAGE SERVER',
  'STATE',
  'VERSION',
  'FREE',
  'RESERVED',
  'USED',
  'HEARTBEAT',
  'SYNC',
];

/**
 * Trackers, groups and storage servers, as a person wants to read them. Breakers have a column only
 * when they are the gateway's: those of a command that just started say nothing.
 */
export function renderClusterState(
  { trackers, groups }: ClusterState,
  nowMs: number,
  hasBreakers: boolean,
): string {
  const trackerRows = trackers.map((tracker) => [
    renderHostPort(tracker),
    tracker.reachable ? 'reachable' : `unreachable: ${tracker.problem ?? 'unknown'}`,
  ]);
  const tables = [renderTable(trackerHeadings, trackerRows)];
  if (groups.length === 0) return tables.join();
  const serverRows = groups.flatMap((group) =>
    group.storageServers.map((server) => [
      ...serverRow(group, server, nowMs),
      ...(hasBreakers ? [breakersOf(server)] : []),
    ]),
  );
  tables.push(
    renderTable(groupHeadings, groups.map(groupRow)),
    renderTable([...serverHeadings, ...(hasBreakers ? ['BREAKERS'] : [])], serverRows),
  );
  return tables.join('\n\n');
}

function groupRow({ groupName, storageServers, ...space }: GroupState): string[] {
  const writable = storageServers.filter((server) => uploadProblem(server) === null);
  const { totalMib, freeMib, reservedMib } = space;
  const mark = freeMib <= reservedMib ? ' (full)' : '';
  return [
    groupName,
    `${writable.length} of ${storageServers.length}`,
    renderMib(totalMib),
    renderMib(freeMib) + mark,
    renderMib(reservedMib),
    usedOf(totalMib, freeMib),
  ];
}

function serverRow(group: GroupState, server: StorageServerState, nowMs: number): string[] {
  const { status, isReadable, isWritable, totalMib, freeMib, reservedMib } = server;
  const isReadOnly = status === 'ACTIVE' && isReadable && !isWritable;
  return [
    group.groupName,
    renderHostPort(server),
    isReadOnly ? `${status} (read-only)` : status,
    server.version,
    renderMib(freeMib) + (freeMib <= reservedMib ? ' (full)' : ''),
    renderMib(reservedMib),
    usedOf(totalMib, freeMib),
    agoOf(server.lastHeartbeatMs, nowMs),
    syncOf(group, server, nowMs),
  ];
}

/** What a lag means only both times tell: one new file after a quiet hour is an hour of it. */
function syncOf(group: GroupState, server: StorageServerState, nowMs: number): string {
  if (group.storageServers.length === 1) return 'no peer';
  const { lagMs, peersChangedAtMs } = syncStateOf(server, group);
  if (lagMs === 0) return 'has all';
  const has = server.lastSyncedMs > 0 ? `up to ${agoOf(server.lastSyncedMs, nowMs)}` : 'nothing';
  return `behind: has ${has}, newest ${agoOf(peersChangedAtMs, nowMs)}`;
}

function breakersOf({ breakers: { read, write } }: StorageServerState): string {
  if (read === 'closed' && write === 'closed') return 'closed';
  return `read ${read}, write ${write}`;
}

function renderMib(mib: number): string {
  if (mib >= 2 ** 20) return `${(mib / 2 ** 20).toFixed(1)} TiB`;
  return mib >= 1024 ? `${(mib / 1024).toFixed(1)} GiB` : `${mib} MiB`;
}

function usedOf(totalMib: number, freeMib: number): string {
  return totalMib > 0 ? `${Math.round(((totalMib - freeMib) / totalMib) * 100)}%` : '-';
}

function agoOf(thenMs: number, nowMs: number): string {
  if (thenMs <= 0) return 'never';
  const seconds = Math.max(0, Math.round((nowMs - thenMs) / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  return seconds < 7200
    ? `${Math.round(seconds / 60)} min ago`
    : `${Math.round(seconds / 3600)} h ago`;
}
