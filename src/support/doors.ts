import type { HostPort } from './units.ts';

/** The APIs that the gateway speaks to clients, each on a port of its own. */
export const doorNames = ['s3', 'qiniu', 'files'] as const;
export type DoorName = (typeof doorNames)[number];

/** Left out are those that are off. */
export type DoorAddresses = Readonly<Partial<Record<DoorName, HostPort>>>;

export const listenSettings = {
  s3: 'GATEWAY_S3_LISTEN',
  qiniu: 'GATEWAY_QINIU_LISTEN',
  files: 'GATEWAY_FILES_LISTEN',
} as const satisfies Record<DoorName, string>;
