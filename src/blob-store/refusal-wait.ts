import type { ServerAddress } from '../fastdfs/client/server-address.ts';
import type { Cluster } from './cluster.ts';

/**
 * Storage servers tell the trackers their free space every 5 minutes unless set otherwise, in which
 * they take this much at 10 Gbit/s.
 */
const FILLED_UNKNOWN_MIB_MAX = 384 * 1024;

/**
 * How long an upload waits behind its first buffer for the server to refuse it. A server that is at
 * its reserve, which the trackers need not know yet, obeys the rest of a large body as commands; so
 * no more than it looks at before it answers may have left. Servers with much space refuse nothing,
 * and are not waited for.
 */
export function refusalWaitFor(
  { view, writes }: Pick<Cluster, 'view' | 'writes'>,
  { groupName, host, port }: ServerAddress & { readonly groupName: string },
): number {
  const server = view.snapshot
    ?.findGroup(groupName)
    ?.members.find((member) => member.host === host && member.port === port);
  const hasMuch = server && server.freeMib - server.reservedMib > FILLED_UNKNOWN_MIB_MAX;
  return hasMuch ? 0 : writes.refusalWaitMs;
}
