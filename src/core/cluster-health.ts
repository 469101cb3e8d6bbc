import type { ClusterState, GroupState, StorageServerState } from '../blob-store/blob-store.ts';
import { renderHostPort } from '../support/units.ts';

/** What is wrong and where, for a person; null where nothing is. */
export interface ClusterProblems {
  /** Without a tracker nobody knows where files may go. */
  readonly trackers: string | null;
  /** Without one group that has space and a storage server for uploads nothing can be stored. */
  readonly storage: string | null;
}

/** Groups, and storage servers of each, that a problem names: a cluster may have hundreds. */
const NAMED_MAX = 8;

/** Why nothing could be stored now on so many storage servers of a group. */
export function findClusterProblems(
  { trackers, groups }: ClusterState,
  copiesNeeded: number,
): ClusterProblems {
  const takesUploads = (group: GroupState) => groupProblem(group, copiesNeeded) === null;
  return {
    trackers: trackers.some(({ reachable }) => reachable) ? null : trackersProblem(trackers),
    storage: groups.some(takesUploads) ? null : storageProblem(groups, copiesNeeded),
  };
}

/** The same in one sentence; null when an upload should succeed. */
export function clusterProblem(state: ClusterState, copiesNeeded: number): string | null {
  const { trackers, storage } = findClusterProblems(state, copiesNeeded);
  // Without trackers the groups are old news, or unknown.
  return trackers ?? storage;
}

/** Why a storage server gets no uploads now; null when it does. */
export function uploadProblem(server: StorageServerState): string | null {
  const { status, isWritable, freeMib, reservedMib, breakers } = server;
  if (status !== 'ACTIVE') return status;
  if (!isWritable) return 'is read-only';
  if (freeMib <= reservedMib) return fullness({ freeMib, reservedMib });
  if (breakers.write === 'open') return 'fails and is left alone for now';
  return null;
}

/**
 * Why uploads to the group cannot succeed; null when they can. Trackers pass over a group whose free
 * space, the least among its storage servers, is not above the reserve (FastDFS,
 * `fdfs_check_reserved_space`).
 */
function groupProblem(group: GroupState, copiesNeeded: number): string | null {
  const { groupName, storageServers } = group;
  const problems = storageServers.map((server) => ({ server, problem: uploadProblem(server) }));
  if (problems.every(({ problem }) => problem !== null)) {
    const each = problems.map(({ server, problem }) => `${renderHostPort(server)} ${problem}`);
    return listOf(each) || `${groupName} has no storage server`;
  }
  if (group.freeMib <= group.reservedMib) return `${groupName} ${fullness(group)}`;
  // A replica confirms by answering a read; it may be full itself.
  const answering = problems.filter(
    ({ server: { status, breakers }, problem }) =>
      problem === null || (status === 'ACTIVE' && breakers.read !== 'open'),
  );
  if (answering.length >= copiesNeeded) return null;
  return `${groupName} has ${answering.length} storage servers that answer, of ${copiesNeeded} that must have each file`;
}

function fullness({ freeMib, reservedMib }: Pick<GroupState, 'freeMib' | 'reservedMib'>): string {
  return `has ${freeMib} MiB free of which ${reservedMib} are reserved`;
}

function trackersProblem(trackers: ClusterState['trackers']): string {
  const each = trackers.map(
    (tracker) => `${renderHostPort(tracker)}: ${tracker.problem ?? 'unknown'}`,
  );
  return `no tracker can be reached (${each.join('; ') || 'none is configured'})`;
}

function storageProblem(groups: readonly GroupState[], copiesNeeded: number): string {
  const each = groups.flatMap((group) => groupProblem(group, copiesNeeded) ?? []);
  return `no group takes uploads (${listOf(each) || 'no tracker has told of one'})`;
}

function listOf(each: readonly string[]): string {
  const named = each.slice(0, NAMED_MAX);
  if (each.length > NAMED_MAX) named.push(`and ${each.length - NAMED_MAX} more`);
  return named.join(', ');
}
