import { type AddressInfo, createServer, type Server } from 'node:net';
import { type HostPort, renderHostPort } from './units.ts';

/** A door that could not be opened; the message names the setting to change. */
export class ListenError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ListenError';
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this account may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host name',
};

/** Resolves to the address that the server got. Throws `ListenError`. */
export async function listen(
  server: Server,
  wanted: HostPort,
  settingName: string,
): Promise<HostPort> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  } catch (error) {
    throw toListenError(error, wanted, settingName);
  }
  return { host: wanted.host, port: (server.address() as AddressInfo).port };
}

/**
 * The address with a port that was free just now instead of 0, for several processes that are to
 * listen on it together. Throws `ListenError` as `listen` does.
 */
export async function findFreeAddress(wanted: HostPort, settingName: string): Promise<HostPort> {
  const server = createServer();
  const address = await listen(server, wanted, settingName);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return address;
}

/** What a person can do about the system's error. */
export function toListenError(error: unknown, wanted: HostPort, settingName: string): ListenError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = reasons[code ?? ''] ?? message;
  return new ListenError(
    `Cannot listen on ${renderHostPort(wanted)}: ${reason}. Set ${settingName} to another address.`,
    { cause: error },
  );
}

/** The URL for somebody on this machine: wildcard addresses cannot be connected to everywhere. */
export function localUrl({ host, port }: HostPort): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${renderHostPort({ host: reachable, port })}`;
}
