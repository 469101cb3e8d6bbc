import { type ConfiguredHosts, kodoServices } from '../../support/qiniu-hosts.ts';
import type { ServiceHosts } from './region-answers.ts';

/**
 * What clients are told. Services for which no address was given are where the client found this
 * door: at the address in its Host header. Some clients leave the port out there although they
 * use one, so that a header without a port gets that of the listener, unless a proxy stands before
 * it; `http` on port 80 needs none.
 */
export function serviceHosts(
  configured: ConfiguredHosts,
  received: {
    /** The Host header; null where there is none. */
    readonly host: string | null;
    readonly localPort: number;
    /** A proxy that is trusted handed the request on, with the Host header that it got. */
    readonly isProxied: boolean;
  },
): ServiceHosts {
  const fallback = configured.all ?? [repairedHost(received)];
  return Object.fromEntries(
    kodoServices.map((service) => [service, configured[service] ?? fallback]),
  ) as ServiceHosts;
}

function repairedHost({ host, localPort, isProxied }: Parameters<typeof serviceHosts>[1]): string {
  const known = host?.trim() || 'localhost';
  const hasPort = /^[^:]*:\d+$|\]:\d+$/.test(known);
  if (hasPort || isProxied || localPort === 80) return known;
  return `${known}:${localPort}`;
}
