import type { ClusterState } from '../blob-store/blob-store.ts';
import { renderTable } from './table.ts';

/** What the trackers say, as a person wants to read it. */
export function renderClusterState({ trackers, groups }: ClusterState, nowMs: number): string {
  const trackerRows = trackers.map(({ host, port, reachable, problem }) => [
    `${host}:${port}`,
    reachable ? 'reachable' : `unreachable: ${problem ?? 'unknown'}`,
  ]);
  const groupRows = groups.map(({ groupName, totalMib, freeMib, storageServers }) => [
    groupName,
    `${storageServers.filter(({ status }) => status === 'ACTIVE').length} of ${storageServers.length}`,
    renderMib(totalMib),
    renderMib(freeMib),
    usedOf(totalMib, freeMib),
  ]);
  const serverRows = groups.flatMap(({ groupName, storageServers }) =>
    storageServers.map((server) => [
      groupName,
      `${server.host}:${server.port}`,
      server.status,
      server.version,
      renderMib(server.totalMib),
      renderMib(server.freeMib),
      usedOf(server.totalMib, server.freeMib),
      agoOf(server.lastHeartbeatMs, nowMs),
    ]),
  );
  const tables = [renderTable(['TRACKER', 'STATE'], trackerRows)];
  if (groups.length > 0) {
    tables.push(
      renderTable(['GROUP', 'ACTIVE', 'TOTAL', 'FREE', 'USED'], groupRows),
      renderTable(
        ['GROUP', 'STORAGE SERVER', 'STATE', 'VERSION', 'TOTAL', 'FREE', 'USED', 'HEARTBEAT'],
        serverRows,
      ),
    );
  }
  return tables.join('\n\n');
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
  return seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}
