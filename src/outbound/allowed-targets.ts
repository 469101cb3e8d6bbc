import {
  type AddressRange,
  isInRange,
  isPublicAddress,
  parseAddress,
  parseAddressRange,
} from './public-address.ts';

/** One item of an allow-list: a host by name, or addresses; on one port or, with null, on all. */
export interface AllowedTarget {
  readonly host: string | null;
  readonly range: AddressRange | null;
  readonly port: number | null;
}

const hostPattern =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/i;

/**
 * `minio.internal`, `minio.internal:9000`, `10.0.0.5`, `10.0.0.5:80`, `10.0.0.0/8`, `fd00::/8`,
 * `[fd00::1]:80`; null for anything else.
 */
export function parseAllowedTarget(text: string): AllowedTarget | null {
  const whole = parseAddressRange(text);
  if (whole) return { host: null, range: whole, port: null };
  const match = /^(?:\[([^\]]+)\]|([^:[\]/]+))(?::(\d{1,5}))?$/.exec(text);
  if (!match) return null;
  const [, ipv6, name, portText] = match;
  const port = portText === undefined ? null : Number(portText);
  if (port !== null && (port < 1 || port > 65_535)) return null;
  const address = ipv6 ?? name ?? '';
  if (parseAddress(address)) return { host: null, range: parseAddressRange(address), port };
  if (ipv6 !== undefined || !hostPattern.test(address) || /^[\d.]+$/.test(address)) return null;
  return { host: address.toLowerCase(), range: null, port };
}

/** Whether an allow-list names this very host, by name or by address. */
export function namesHost(
  targets: readonly AllowedTarget[],
  { host, port }: { readonly host: string; readonly port: number },
): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  const address = parseAddress(host);
  return targets.some((target) => {
    if (target.port !== null && target.port !== port) return false;
    return target.host === name || (address && target.range && isInRange(address, target.range));
  });
}

/**
 * Whether to connect to this address, which is what `host` was resolved to (or is): any public one,
 * and those that the allow-list names, by the name that was asked for or by address.
 */
export function mayConnect(
  targets: readonly AllowedTarget[],
  {
    host,
    port,
    address,
  }: { readonly host: string; readonly port: number; readonly address: string },
): boolean {
  const parsed = parseAddress(address);
  if (!parsed) return false;
  if (isPublicAddress(parsed)) return true;
  return namesHost(targets, { host, port }) || namesHost(targets, { host: address, port });
}
