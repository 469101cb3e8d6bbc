import { randomInt } from 'node:crypto';
import type { Server } from 'node:net';

/** Below the ports that systems hand out for outgoing connections and for port 0. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_767;
const TRIES_MAX = 50;

/**
 * Listens on a port that nobody takes while the server is down for a while, as a restart on the
 * same port needs. Resolves with the port.
 */
export async function listenOnReservedPort(server: Server, host: string): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    try {
      await listenOn(server, host, port);
      return port;
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken || tries >= TRIES_MAX) throw error;
    }
  }
}

/** Rejects with the system's error. */
export function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
