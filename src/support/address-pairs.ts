import { isIPv6, SocketAddress } from 'node:net';
import { type HostPort, parseHostPort } from './units.ts';

/** A server, or all ports of a host when the port is null. */
interface HostAndMaybePort {
  readonly host: string;
  readonly port: number | null;
}

/** Where a server that gives itself out under one address is reached. */
export interface AddressPair {
  readonly advertised: HostAndMaybePort;
  readonly reachable: HostAndMaybePort;
}

/**
 * Pairs of `10.0.0.5=storage.example:23000, [fd00::5]:23000=127.0.0.1:24000`. Gives the sentence
 * that says what is wrong when the text is not that.
 */
export function parseAddressPairs(text: string): readonly AddressPair[] | string {
  const pairs: AddressPair[] = [];
  const seen = new Set<string>();
  for (const item of text.split(',').map((part) => part.trim())) {
    if (item === '') continue;
    const [left, right, ...more] = item.split('=');
    if (right === undefined || more.length > 0) return `"${item}" has not exactly one =`;
    const [advertised, reachable] = [parseSide(left ?? ''), parseSide(right)];
    if (advertised === null) return `"${(left ?? '').trim()}" in "${item}" is no address`;
    if (reachable === null) return `"${right.trim()}" in "${item}" is no address`;
    const key = `${canonicalHost(advertised.host)} ${advertised.port}`;
    if (seen.has(key)) return `"${(left ?? '').trim()}" stands to the left of = twice`;
    seen.add(key);
    pairs.push({ advertised, reachable });
  }
  return pairs;
}

/** The one form of a host among all ways to write it: `FD00::0:5` is `fd00::5`. */
export function canonicalHost(host: string): string {
  if (isIPv6(host)) return new SocketAddress({ address: host, family: 'ipv6' }).address;
  return host.toLowerCase();
}

function parseSide(text: string): HostAndMaybePort | null {
  const NO_PORT = -1;
  const parsed: HostPort | null = parseHostPort(text.trim(), NO_PORT);
  if (parsed === null || parsed.port === 0) return null;
  return { host: parsed.host, port: parsed.port === NO_PORT ? null : parsed.port };
}
