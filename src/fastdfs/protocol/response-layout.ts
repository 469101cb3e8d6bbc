import type { AddressSize } from './constants.ts';

/**
 * How a server lays out its responses; it differs between FastDFS versions and settings. Only
 * encoding needs to be told: decoding goes by lengths, since no message names its version.
 */
export interface ResponseLayout {
  /** Width of address fields in query answers, storage records and QUERY_FILE_INFO. */
  readonly addressSize: AddressSize;
  /** `105-http` is the 105-byte record up to 6.12, `105` that of 6.13.0 with other fields. */
  readonly groupRecord: '113' | '105' | '105-http';
  readonly storageRecordSize: StorageRecordSize;
  /** QUERY_FETCH_ALL: a port for each storage server (6.16.0) or one for all. */
  readonly fetchAllPorts: 'each' | 'shared';
  /** GET_STORAGE_STATUS has its own width: 46 in all of 6.11 and later. */
  readonly storageStatusAddressSize: AddressSize;
}

export const STORAGE_RECORD_SIZES = [487, 517, 509, 612, 642, 644, 600] as const;
export type StorageRecordSize = (typeof STORAGE_RECORD_SIZES)[number];

const LAYOUT_5: ResponseLayout = {
  addressSize: 16,
  groupRecord: '105-http',
  storageRecordSize: 612,
  fetchAllPorts: 'shared',
  storageStatusAddressSize: 16,
};
const LAYOUT_6_11: ResponseLayout = {
  ...LAYOUT_5,
  addressSize: 46,
  storageRecordSize: 642,
  storageStatusAddressSize: 46,
};
const LAYOUT_6_13_1: ResponseLayout = {
  ...LAYOUT_6_11,
  groupRecord: '113',
  storageRecordSize: 517,
};
const LAYOUT_6_15: ResponseLayout = {
  ...LAYOUT_6_13_1,
  addressSize: 16,
  storageRecordSize: 487,
};

/** Keyed by the version that introduced the layout; `-ipv6` is with 46-wide addresses. */
export const RESPONSE_LAYOUTS = {
  '5.03': { ...LAYOUT_5, storageRecordSize: 600 },
  '5.04': LAYOUT_5,
  '6.11': LAYOUT_6_11,
  '6.12': { ...LAYOUT_6_11, storageRecordSize: 644 },
  '6.13.0': { ...LAYOUT_6_11, groupRecord: '105', storageRecordSize: 509 },
  '6.13.1': LAYOUT_6_13_1,
  '6.15': LAYOUT_6_15,
  '6.15-ipv6': LAYOUT_6_13_1,
  '6.16': { ...LAYOUT_6_15, fetchAllPorts: 'each' },
  '6.16-ipv6': { ...LAYOUT_6_13_1, fetchAllPorts: 'each' },
} as const satisfies Record<string, ResponseLayout>;

/** What FastDFS 6.16 sends with its default settings. */
export const DEFAULT_RESPONSE_LAYOUT: ResponseLayout = RESPONSE_LAYOUTS['6.16'];
