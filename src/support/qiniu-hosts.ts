/** The logical services that Kodo's SDKs look for. */
export const kodoServices = ['up', 'io', 'rs', 'rsf', 'api', 'uc', 's3'] as const;
export type KodoService = (typeof kodoServices)[number];

/** Addresses that the operator gave: those of single services, and those of all others. */
export type ConfiguredHosts = Readonly<Partial<Record<KodoService | 'all', readonly string[]>>>;

/** As it may stand in a Host header. */
const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]{1,253})(:\d{1,5})?$/;

/** `host`, `host:port` or `service=host`, joined by commas; undefined for anything else. */
export function parseServiceHosts(text: string): ConfiguredHosts | undefined {
  const hosts: Partial<Record<KodoService | 'all', string[]>> = {};
  for (const item of text.split(',').map((each) => each.trim())) {
    if (item === '') continue;
    const equals = item.indexOf('=');
    const host = item.slice(equals + 1).trim();
    const named = item.slice(0, Math.max(equals, 0)).trim();
    const service = equals === -1 ? 'all' : kodoServices.find((each) => each === named);
    if (!service || !hostPattern.test(host)) return undefined;
    hosts[service] = [...(hosts[service] ?? []), host];
  }
  return hosts;
}
