/** Where a tracker or storage server listens; `host` is an IPv4 or IPv6 address or a name. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** Where to connect instead, as `AddressMap` says; the server's name is still the one above. */
  readonly reachedAt?: { readonly host: string; readonly port: number };
}

/** `10.0.0.1:22122`, `[fd00::1]:23000`. */
export function renderAddress({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** As `renderAddress`, and where the server is reached when that is elsewhere, for errors. */
export function describeAddress(address: ServerAddress): string {
  const { reachedAt } = address;
  if (reachedAt === undefined) return renderAddress(address);
  return `${renderAddress(address)} (reached at ${renderAddress(reachedAt)})`;
}
