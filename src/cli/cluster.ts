import type { ClusterState } from '../blob-store/blob-store.ts';
import { clusterProblem } from '../core/cluster-health.ts';
import { parseDuration } from '../support/units.ts';
import { renderClusterState } from './cluster-report.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import { askGateway } from './gateway-view.ts';
import { repeat } from './watch.ts';

const INTERVAL_MS_DEFAULT = 2_000;
const INTERVAL_MS_MIN = 200;
const INTERVAL_MS_MAX = 3_600_000;

export interface ClusterStatusOptions {
  /** True without an interval. */
  readonly watch?: string | true;
}

/**
 * The cluster as the running gateway sees it; when that cannot be asked, as the trackers tell this
 * command. Fails when nothing could be stored now.
 */
export async function showClusterStatus(
  context: CommandContext,
  { watch }: ClusterStatusOptions,
): Promise<CommandOutput | AsyncIterable<CommandOutput>> {
  if (watch === undefined) return await reportCluster(context);
  return repeat(parseInterval(watch), () => reportCluster(context));
}

async function reportCluster({ config, services }: CommandContext): Promise<CommandOutput> {
  const asked = await askGateway(config.console.listen, services.trackers);
  const isSeenByGateway = typeof asked !== 'string';
  const state: ClusterState = isSeenByGateway
    ? asked.state
    : await services.core.blobs.clusterState();
  const problem = clusterProblem(state, config.copiesNeeded);
  const seenBy = isSeenByGateway
    ? `As the gateway at ${asked.url} sees it.`
    : `As the trackers tell this command, since ${asked}. Breakers are the gateway's own and unknown.`;
  const parts = [seenBy, renderClusterState(state, Date.now(), isSeenByGateway)];
  if (problem !== null) parts.push(`Not usable: ${problem}.`);
  return {
    json: {
      seenBy: isSeenByGateway ? 'gateway' : 'command',
      gatewayUrl: isSeenByGateway ? asked.url : null,
      usable: problem === null,
      problem,
      ...state,
    },
    text: parts.join('\n\n'),
    failed: problem !== null,
  };
}

function parseInterval(watch: string | true): number {
  const intervalMs = watch === true ? INTERVAL_MS_DEFAULT : parseDuration(watch);
  if (intervalMs === null || intervalMs < INTERVAL_MS_MIN || intervalMs > INTERVAL_MS_MAX) {
    throw new UsageError('--watch takes a duration such as 2s, from 200ms to 1h.');
  }
  return intervalMs;
}
