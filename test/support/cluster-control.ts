import type { HostPort } from '../../src/support/units.ts';

export interface ClusterNode {
  /** `t1`, `g1s2` … */
  readonly name: string;
  readonly role: 'tracker' | 'storage';
  /** Null for a tracker. */
  readonly groupName: string | null;
  readonly address: HostPort;
}

/**
 * What a test does to the machines of a cluster, be it the embedded one or a real one. Names that
 * are not in `nodes` are an error. Resolves when it is done, not when the cluster has noticed.
 */
export interface ClusterControl {
  readonly nodes: readonly ClusterNode[];
  /** Ends as with SIGTERM, so that nothing is lost. */
  stop(name: string): Promise<void>;
  /** Ends as with SIGKILL: what a storage server has not written to its change log is gone. */
  kill(name: string): Promise<void>;
  start(name: string): Promise<void>;
  /** Takes its link down: packets vanish, and no connection is reset. */
  cut(name: string): Promise<void>;
  heal(name: string): Promise<void>;
  /** Removes the files of a storage server that is down. It recovers them when it starts. */
  wipe(name: string): Promise<void>;
  /** Names `M00/…` of the files on its disk, sorted; empty when its disk was wiped. */
  listFiles(name: string): Promise<string[]>;
  /** Everything runs and is linked again when it resolves. */
  close(): Promise<void>;
}

export function trackersOf({ nodes }: ClusterControl): HostPort[] {
  return nodes.filter(({ role }) => role === 'tracker').map(({ address }) => address);
}

export function storagesOf({ nodes }: ClusterControl, groupName?: string): ClusterNode[] {
  return nodes.filter(
    (node) => node.role === 'storage' && (groupName === undefined || node.groupName === groupName),
  );
}

export function nodeNamed({ nodes }: ClusterControl, name: string): ClusterNode {
  const node = nodes.find((other) => other.name === name);
  if (node === undefined) throw new Error(`the cluster has no node ${name}`);
  return node;
}
