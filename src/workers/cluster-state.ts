import type { BreakerState, ClusterState, StorageServerState } from '../blob-store/blob-store.ts';

const rank: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/**
 * The cluster with the circuit breakers of the workers, which each have their own: `worst` tells an
 * operator of a server that any of them leaves alone, `best` whether all do.
 */
export function withBreakersOf(
  state: ClusterState,
  workers: readonly ClusterState[],
  choice: 'worst' | 'best',
): ClusterState {
  if (workers.length === 0) return state;
  const found = new Map<string, StorageServerState['breakers'][]>();
  for (const { groups } of workers) {
    for (const { groupName, storageServers } of groups) {
      for (const server of storageServers) {
        const name = nameOf(groupName, server);
        found.set(name, [...(found.get(name) ?? []), server.breakers]);
      }
    }
  }
  const choose = (states: readonly BreakerState[]) => {
    const sorted = [...states].sort((one, other) => rank[one] - rank[other]);
    return (choice === 'best' ? sorted[0] : sorted.at(-1)) ?? 'closed';
  };
  const combined = (groupName: string, server: StorageServerState) => {
    const breakers = found.get(nameOf(groupName, server)) ?? [server.breakers];
    const read = choose(breakers.map((breaker) => breaker.read));
    const write = choose(breakers.map((breaker) => breaker.write));
    return { ...server, breakers: { read, write } };
  };
  return {
    ...state,
    groups: state.groups.map((group) => ({
      ...group,
      storageServers: group.storageServers.map((server) => combined(group.groupName, server)),
    })),
  };
}

function nameOf(groupName: string, { host, port }: StorageServerState): string {
  return `${groupName} ${host} ${port}`;
}
