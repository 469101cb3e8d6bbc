import { clusterProblem } from '../core/cluster-health.ts';
import { renderClusterState } from './cluster-report.ts';
import type { CommandContext, CommandOutput } from './command.ts';

/** What `fdfs_monitor` tells, readable; fails when nothing could be stored now. */
export async function showClusterStatus({ services }: CommandContext): Promise<CommandOutput> {
  const state = await services.core.blobs.clusterState();
  const problem = clusterProblem(state);
  const report = renderClusterState(state, Date.now());
  return {
    json: { usable: problem === null, problem, ...state },
    text: problem === null ? report : `${report}\n\nNot usable: ${problem}.`,
    failed: problem !== null,
  };
}
