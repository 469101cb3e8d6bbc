import type { IncomingMessage } from 'node:http';

/** An answer that comes before the request's body has been read. */
const drainBounds = { bytesMax: 16 * 1024 * 1024, timeoutMs: 5000 } as const;

/**
 * Reads and drops the rest of a request's body, so that a client that is still sending gets to
 * read the answer instead of a reset connection. Resolves to false when the bounds end it first or
 * the client is gone.
 */
export function drainRequest(incoming: IncomingMessage): Promise<boolean> {
  if (incoming.readableEnded) return Promise.resolve(true);
  if (incoming.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    let received = 0;
    const settle = (isDrained: boolean) => {
      clearTimeout(timer);
      incoming.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      resolve(isDrained);
    };
    const onData = (bytes: Buffer) => {
      received += bytes.length;
      if (received > drainBounds.bytesMax) settle(false);
    };
    const onEnd = () => settle(true);
    const onGone = () => settle(false);
    const timer = setTimeout(onGone, drainBounds.timeoutMs);
    incoming.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    incoming.resume();
  });
}
