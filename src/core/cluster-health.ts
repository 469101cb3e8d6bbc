import type { ClusterState, GroupState, StorageServerState } from '../blob-store/blob-store.ts';
import { renderHostPort } from '../support/units.ts';

/** What is wrong and where, for a person; null where nothing is. */
export interface ClusterProblems {
  /** Without a tracker nobody knows where files may go. */
  readonly trackers: string | null;
  /** Without one group that has space and a storage server for uploads nothing can be stored. */
  readonly storage: string | null;
}

/** Storage servers that a problem names; a cluster may have hundreds. */
const NAMED_MAX = 12;

/** Why nothing could be stored now. */
export function findClusterProblems({ trackers, groups }: ClusterState): ClusterProblems {
  return {
    trackers: trackers.some(({ reachable }) => reachable) ? null : trackersProblem(trackers),
    storage: groups.some(takesUploads) ? null : storageProblem(groups),
  };
}

/** The same in one sentence; null when an upload should succeed. */
export function clusterProblem(state: ClusterState): string | null {
  const { trackers, storage } = findClusterProblems(state);
  // Without trackers the groups are old news, or unknown.
  return trackers ?? storage;
}

/** Whether the trackers give uploads to the group and the gateway would send them. */
function takesUploads(group: GroupState): boolean {
  const { storageServers } = group;
  return isGroupFull(group) ? false : storageServers.some((one) => uploadProblem(one) === null);
}

/**
 * Trackers pass over a group whose free space, the least among its storage servers, is not above
 * the reserve (FastDFS, `fdfs_check_reserved_space`).
 */
function isGroupFull({ freeMib, reservedMib }: GroupState): boolean {
  return freeMib <= reservedMib;
}

/** Why a storage server gets no uploads now; null when it does. */
export function uploadProblem(server: StorageServerState): string | null {
  const { status, isWritable, freeMib, reservedMib, breakers } = server;
  if (status !== 'ACTIVE') return status;
  if (!isWritable) return 'is read-only';
  if (freeMib <= reservedMib) return `has ${freeMib} MiB free of which ${reservedMib} are reserved`;
  if (breakers.write === 'open') return 'fails and is left alone for now';
  return null;
}

function trackersProblem(trackers: ClusterState['trackers']): string {
  const each = trackers.map(
    (tracker) => `${renderHostPort(tracker)}: ${tracker.problem ?? 'unknown'}`,
  );
  return `no tracker can be reached (${each.join('; ') || 'none is configured'})`;
}

function storageProblem(groups: readonly GroupState[]): string {
  const each = groups.flatMap((group) => {
    const { groupName, freeMib, reservedMib, storageServers } = group;
    const problems = storageServers.flatMap((server) => {
      const problem = uploadProblem(server);
      return problem === null ? [] : [`${renderHostPort(server)} ${problem}`];
    });
    if (problems.length > 0) return problems;
    return isGroupFull(group)
      ? [`${groupName} has ${freeMib} MiB free of which ${reservedMib} are reserved`]
      : [`${groupName} has no storage server`];
  });
  const named = each.slice(0, NAMED_MAX);
  if (each.length > NAMED_MAX) named.push(`and ${each.length - NAMED_MAX} more`);
  return `no storage server takes uploads (${named.join(', ') || 'no tracker has told of one'})`;
}
