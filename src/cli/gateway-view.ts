import { z } from 'zod';
import type { ClusterState } from '../blob-store/blob-store.ts';
import { localUrl } from '../support/listen.ts';
import { type HostPort, renderHostPort } from '../support/units.ts';

/** The cluster as the running gateway sees it, with its circuit breakers. */
export interface GatewayView {
  readonly url: string;
  readonly state: ClusterState;
}

/** A gateway on this machine answers from memory. */
const ANSWER_TIMEOUT_MS = 3_000;

const breakerState = z.enum(['closed', 'open', 'half-open']);
const space = { totalMib: z.number(), freeMib: z.number(), reservedMib: z.number() };
const address = { host: z.string(), port: z.number() };

/** What `GET /cluster` of this version answers; another program may listen there, or another version. */
const clusterAnswer: z.ZodType<ClusterState> = z.object({
  trackers: z.array(
    z.object({ ...address, reachable: z.boolean(), problem: z.string().nullable() }),
  ),
  groups: z.array(
    z.object({
      groupName: z.string(),
      ...space,
      storageServers: z.array(
        z.object({
          id: z.string(),
          ...address,
          ...space,
          status: z.string(),
          version: z.string(),
          isReadable: z.boolean(),
          isWritable: z.boolean(),
          lastHeartbeatMs: z.number(),
          lastSourceUpdateMs: z.number(),
          lastSyncedMs: z.number(),
          breakers: z.object({ read: breakerState, write: breakerState }),
        }),
      ),
    }),
  ),
});

/**
 * Asks the gateway on the console port. Resolves to the reason, as an end of a sentence, when it
 * does not answer, or works with other trackers than `trackers`: then it is not the one meant.
 */
export async function askGateway(
  console: HostPort | null,
  trackers: readonly HostPort[],
): Promise<GatewayView | string> {
  if (console === null) return 'GATEWAY_CONSOLE_LISTEN is off';
  if (console.port === 0) return 'GATEWAY_CONSOLE_LISTEN names no port';
  const url = localUrl(console);
  try {
    const response = await fetch(`${url}/cluster`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      redirect: 'error',
    });
    if (!response.ok) return `${url} answers with ${response.status}`;
    const state = clusterAnswer.safeParse(await response.json());
    if (!state.success) return `${url} gives another answer than a gateway of this version`;
    if (namesOf(state.data.trackers) !== namesOf(trackers)) {
      return `the gateway at ${url} works with other trackers`;
    }
    return { url, state: state.data };
  } catch {
    return `no gateway answers at ${url}`;
  }
}

function namesOf(addresses: readonly HostPort[]): string {
  return addresses.map(renderHostPort).sort().join();
}
