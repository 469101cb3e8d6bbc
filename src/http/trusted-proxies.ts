import type { IncomingMessage } from 'node:http';
import { type IpRange, includesIp, parseIp } from '../core/access/policy/ip-range.ts';

/** Where a request comes from. */
export interface ClientOrigin {
  /** Null where nobody could tell. */
  readonly address: string | null;
  /** Whether the client speaks TLS, to the gateway or to a proxy that is believed. */
  readonly isSecure: boolean;
  /** Whether a proxy that is believed handed it on. */
  readonly isProxied: boolean;
  /** The names by which the client may have asked that proxy, as it tells; with and without port. */
  readonly forwardedHosts: readonly string[];
}

/**
 * Proxies whose `X-Forwarded-For`, `-Proto`, `-Host` and `-Port` count. Anybody can send these headers, so
 * that they are read from the end, which the nearest proxy wrote, as far as proxies are believed.
 */
export class TrustedProxies {
  readonly #ranges: readonly IpRange[];

  constructor(ranges: readonly IpRange[]) {
    this.#ranges = ranges;
  }

  originOf({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): ClientOrigin {
    const peer: ClientOrigin = {
      address: socket.remoteAddress ?? null,
      isSecure: 'encrypted' in socket,
      isProxied: false,
      forwardedHosts: [],
    };
    if (this.#ranges.length === 0 || !this.#trusts(peer.address)) return peer;
    const protocol = itemsOf(headers['x-forwarded-proto']).at(-1);
    return {
      address: this.#clientBefore(peer.address, itemsOf(headers['x-forwarded-for'])),
      isSecure: peer.isSecure || protocol?.toLowerCase() === 'https',
      isProxied: true,
      forwardedHosts: hostsOf(headers),
    };
  }

  /** The first one, from the end, that is no proxy of ours; the farthest proxy when all are. */
  #clientBefore(peer: string | null, hops: readonly string[]): string | null {
    let client = peer;
    for (const hop of hops.toReversed()) {
      const address = withoutPort(hop);
      // `unknown` and the like: what lies behind is hearsay.
      if (parseIp(address) === null) break;
      client = address;
      if (!this.#trusts(client)) break;
    }
    return client;
  }

  #trusts(address: string | null): boolean {
    const ip = address === null ? null : parseIp(address);
    return ip !== null && this.#ranges.some((range) => includesIp(range, ip));
  }
}

function hostsOf(headers: IncomingMessage['headers']): readonly string[] {
  const host = itemsOf(headers['x-forwarded-host']).at(-1);
  const port = itemsOf(headers['x-forwarded-port']).at(-1) ?? '';
  if (host === undefined) return [];
  const lacksPort = /^\d{1,5}$/.test(port) && !/:\d+$/.test(host);
  return lacksPort ? [host, `${host}:${port}`] : [host];
}

function itemsOf(header: string | readonly string[] | undefined): readonly string[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(',');
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\d+)?|([^:]*):\d+)$/.exec(hop) ?? [];
  return bracketed ?? plain ?? hop;
}
