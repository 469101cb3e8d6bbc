const IPV4_BITS = 32;
const IPV6_BITS = 128;
/** `::ffff:0:0/96`, in which IPv6 holds the addresses of IPv4 (RFC 4291, section 2.5.5.2). */
const mappedPrefix = 0xffffn << 32n;

/** Addresses whose first bits are the same. */
export interface IpRange {
  /** All 128 bits; IPv4 as IPv6 maps it. */
  readonly address: bigint;
  /** Of the 128. */
  readonly prefixBits: number;
}

/** `10.0.0.0/8`, `2001:db8::/32`, or one address; null for anything else. */
export function parseIpRange(text: string): IpRange | null {
  const [addressText = '', bitsText, ...rest] = text.split('/');
  const address = parseIp(addressText);
  if (address === null || rest.length > 0) return null;
  const bitsMax = addressText.includes(':') ? IPV6_BITS : IPV4_BITS;
  if (bitsText !== undefined && !/^\d{1,3}$/.test(bitsText)) return null;
  const bits = bitsText === undefined ? bitsMax : Number(bitsText);
  if (bits > bitsMax) return null;
  return { address, prefixBits: bits + IPV6_BITS - bitsMax };
}

export function includesIp({ address, prefixBits }: IpRange, ip: bigint): boolean {
  const ignored = BigInt(IPV6_BITS - prefixBits);
  return address >> ignored === ip >> ignored;
}

/** Whether some address of IPv4 is in a range. */
export function overlapsIpv4({ address, prefixBits }: IpRange): boolean {
  const prefix = { address: mappedPrefix, prefixBits: Math.min(prefixBits, IPV6_BITS - IPV4_BITS) };
  return includesIp(prefix, address);
}

/** An IPv4 or IPv6 address as 128 bits; null for what is none. A zone (`%eth0`) is left out. */
export function parseIp(text: string): bigint | null {
  if (!text.includes(':')) {
    const address = parseIpv4(text);
    return address === null ? null : mappedPrefix | BigInt(address);
  }
  const [bare = ''] = text.split('%');
  const halves = bare.split('::');
  if (halves.length > 2) return null;
  const [head = [], tail] = halves.map(parseGroups);
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])];
  return groups.reduce((address, group) => (address << 16n) | BigInt(group), 0n);
}

/** The 16-bit groups of one side of `::`; the last one may be an IPv4 address. */
function parseGroups(text: string): readonly number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  for (const [position, group] of text.split(':').entries()) {
    const isLast = position === text.split(':').length - 1;
    const embedded = isLast && group.includes('.') ? parseIpv4(group) : null;
    if (embedded !== null) groups.push(embedded >>> 16, embedded & 0xffff);
    else if (/^[0-9a-f]{1,4}$/i.test(group)) groups.push(Number.parseInt(group, 16));
    else return null;
  }
  return groups;
}

function parseIpv4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return null;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return null;
  return bytes.reduce((address, byte) => address * 256 + byte, 0) >>> 0;
}
