import type { ChildProcess } from 'node:child_process';

/** What Node's cluster module sends to a worker with a connection, and what the worker answers. */
interface ClusterMessage {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: unknown;
  readonly ack?: unknown;
}

interface Closable {
  close(): void;
}

/**
 * Closes connections that a worker was just given, and had not said to have taken, when it ended.
 * Node forgets them and leaves them open (`handoff` in its `round_robin_handle.js`): clients would
 * wait for ever, as nobody reads there. Node has no interface for this: the messages that pass are
 * looked at, and with a Node that sends others nothing happens here.
 */
export function closeConnectionsInHand(child: ChildProcess): void {
  const inHand = new Map<unknown, Closable>();
  const send = child.send.bind(child) as (...given: unknown[]) => boolean;
  child.send = ((...given: unknown[]) => {
    const [message, handle] = given as [ClusterMessage, Closable | undefined];
    if (message.cmd === 'NODE_CLUSTER' && message.act === 'newconn' && handle) {
      inHand.set(message.seq, handle);
    }
    return send(...given);
  }) as ChildProcess['send'];
  child.prependListener('internalMessage', (message: ClusterMessage) => {
    if (message.cmd === 'NODE_CLUSTER' && message.ack !== undefined) inHand.delete(message.ack);
  });
  child.once('exit', () => {
    for (const handle of inHand.values()) handle.close();
    inHand.clear();
  });
}
