const IPV4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;
const IPV6_GROUP = /^[0-9a-f]{1,4}$/i;

/** Whether the text is an IPv4 or IPv6 address as `inet_ntop` writes it, without brackets or zone. */
export function isIpAddress(text: string): boolean {
  return IPV4.test(text) || isIpv6Address(text);
}

function isIpv6Address(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  // An IPv4 address may stand for the last two groups.
  const tailIsIpv4 = last !== undefined && IPV4.test(last) && text.endsWith(last);
  const count = groups.length + (tailIsIpv4 ? 1 : 0);
  const hexGroups = tailIsIpv4 ? groups.slice(0, -1) : groups;
  // `::` stands for at least one group.
  return (
    hexGroups.every((group) => IPV6_GROUP.test(group)) &&
    (halves.length === 2 ? count <= 7 : count === 8)
  );
}
