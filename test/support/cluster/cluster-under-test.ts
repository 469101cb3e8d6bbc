import type { ClusterControl } from '../cluster-control.ts';
import {
  type EmbeddedCluster,
  type EmbeddedClusterOptions,
  startEmbeddedCluster,
} from '../embedded-cluster.ts';
import { ExternalCluster } from './external-cluster.ts';

/** Whether the cases run on a real cluster, which `FASTDFS_CLUSTER_CONTROL` moves. */
export const isExternal = Boolean(process.env.FASTDFS_CLUSTER_CONTROL);

export interface ClusterUnderTest {
  readonly control: ClusterControl;
  /** Null on a real cluster, which has no switches inside. */
  readonly embedded: EmbeddedCluster | null;
}

/** The real cluster when one is given, else an embedded one. Close its control. */
export async function openClusterUnderTest(
  options: EmbeddedClusterOptions,
): Promise<ClusterUnderTest> {
  const { FASTDFS_CLUSTER_CONTROL: command, FASTDFS_CLUSTER_DIR: directory } = process.env;
  if (command) {
    if (!directory) throw new Error('FASTDFS_CLUSTER_CONTROL needs FASTDFS_CLUSTER_DIR');
    return { control: await ExternalCluster.open(command, directory), embedded: null };
  }
  const embedded = await startEmbeddedCluster(options);
  return { control: embedded, embedded };
}

/** A number for a long run on a real cluster; `fallback` in everyday runs. */
export function sizeOfRun(name: string, fallback: number): number {
  const value = process.env[name];
  if (value === undefined || value === '') return fallback;
  if (!/^\d+$/.test(value)) throw new Error(`${name} must be a whole number: ${value}`);
  return Number(value);
}
