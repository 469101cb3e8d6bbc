/** Where a tracker or storage server listens; `host` is an IPv4 or IPv6 address or a name. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** `10.0.0.1:22122`, `[fd00::1]:23000`. */
export function renderAddress({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
