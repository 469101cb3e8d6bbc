import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type AddressRange = readonly [Address, number];

/**
 * All of IPv6 that is assigned to hosts of the internet (RFC 4291, section 2.4). What lies outside
 * may be an IPv4 address in disguise, such as `::127.0.0.1`.
 */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Public by their number, yet served by the host of a virtual machine: Azure's wire server. */
const platformAddresses: readonly string[] = ['168.63.129.16'];

/**
 * Whether an address is one of the public internet: not private, loopback, link-local (which holds
 * the clouds' metadata services), shared, multicast, reserved or unspecified. An IPv4 address in an
 * IPv6 one (mapped, or behind the well-known NAT64 prefix) is judged by itself; other ways to wrap
 * one (6to4, Teredo) are not public at all.
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function isPublicAddress(address: Address): boolean {
  const inner = unwrapped(address);
  if (inner.range() !== 'unicast') return false;
  if (inner instanceof ipaddr.IPv6) return inner.match(globalUnicast);
  return !platformAddresses.includes(inner.toString());
}

/** Null for what is no address as the resolver writes it: neither `127.1` nor `0x7f000001` is. */
export function parseAddress(text: string): Address | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : null;
}

/** A range, `10.0.0.0/8`, or a single address; null for anything else. */
export function parseAddressRange(text: string): AddressRange | null {
  const single = parseAddress(text);
  if (single) return [single, single.kind() === 'ipv4' ? 32 : 128];
  const isRange = ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text);
  return isRange ? ipaddr.parseCIDR(text) : null;
}

export function isInRange(address: Address, [start, prefixBits]: AddressRange): boolean {
  const inner = unwrapped(address);
  return inner.kind() === start.kind() && inner.match(start, prefixBits);
}

const nat64Prefix = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/** The IPv4 address that an IPv6 one stands for, where it plainly does; else the address itself. */
function unwrapped(address: Address): Address {
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (!address.isIPv4MappedAddress() && !address.match(nat64Prefix)) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}
