import { type AddressPair, canonicalHost } from '../../support/address-pairs.ts';
import type { ServerAddress } from './server-address.ts';

/**
 * Where servers are reached that advertise addresses which mean nothing here: those of a network
 * behind NAT, or of containers. A pair with a port counts before one that has only the host; a
 * reachable address without a port keeps the advertised one.
 */
export class AddressMap {
  /** By canonical host, with ` port` behind it where the pair has one. */
  readonly #pairs = new Map<string, AddressPair>();

  constructor(pairs: readonly AddressPair[]) {
    for (const pair of pairs) {
      const { host, port } = pair.advertised;
      this.#pairs.set(keyOf(host, port), pair);
    }
  }

  /** The server with the address at which it is reached, when that is another one. */
  resolve({ host, port }: ServerAddress): ServerAddress {
    const pair = this.#pairs.get(keyOf(host, port)) ?? this.#pairs.get(keyOf(host, null));
    if (pair === undefined) return { host, port };
    const { reachable } = pair;
    return { host, port, reachedAt: { host: reachable.host, port: reachable.port ?? port } };
  }
}

function keyOf(host: string, port: number | null): string {
  return port === null ? canonicalHost(host) : `${canonicalHost(host)} ${port}`;
}
