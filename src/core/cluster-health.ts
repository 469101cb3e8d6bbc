import type { ClusterState } from '../blob-store/blob-store.ts';

/** Why nothing could be stored now; null when a tracker and a storage server are usable. */
export function clusterProblem({ trackers, groups }: ClusterState): string | null {
  if (!trackers.some(({ reachable }) => reachable)) {
    const each = trackers.map(
      ({ host, port, problem }) => `${host}:${port}: ${problem ?? 'unknown'}`,
    );
    return `no tracker can be reached (${each.join('; ') || 'none is configured'})`;
  }
  const servers = groups.flatMap(({ storageServers }) => storageServers);
  if (servers.some(({ status }) => status === 'ACTIVE')) return null;
  const each = servers.map(({ host, port, status }) => `${host}:${port} ${status}`);
  return `no storage server is ACTIVE (${each.join(', ') || 'the trackers know none'})`;
}
