import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { listen } from '../support/listen.ts';
import type { HostPort } from '../support/units.ts';
import { type ConsoleSources, createConsoleApp } from './app.ts';

export interface ConsoleDoor {
  readonly address: HostPort;
  close(): Promise<void>;
}

/** Below what load balancers wait for a probe. */
const CHECK_TIMEOUT_MS = 3_000;

/** Opens the operator's port. Throws `ListenError`. */
export async function listenConsole(
  wanted: HostPort,
  sources: Omit<ConsoleSources, 'checkTimeoutMs'>,
): Promise<ConsoleDoor> {
  const app = createConsoleApp({ ...sources, checkTimeoutMs: CHECK_TIMEOUT_MS });
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  const address = await listen(server, wanted, 'GATEWAY_CONSOLE_LISTEN');
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // A probe's kept-alive connection is no reason to wait.
        server.closeAllConnections();
      }),
  };
}
