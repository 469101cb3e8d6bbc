import type { Command } from '../command.ts';
import {
  ADDRESS_SIZE_IPV4,
  ADDRESS_SIZE_IPV6,
  type AddressSize,
  GROUP_NAME_SIZE,
  STORAGES_PER_GROUP_MAX,
} from '../constants.ts';
import { decodeEmpty, encodeEmpty } from '../empty-body.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { DEFAULT_RESPONSE_LAYOUT, type ResponseLayout } from '../response-layout.ts';
import { type Endpoint, readEndpoint, writeEndpoint } from './endpoint.ts';
import { type GroupRequest, groupRequest } from './group-request.ts';

/** Where the tracker wants an upload to go. */
export interface StoreTarget extends Endpoint {
  readonly groupName: string;
  /** 0 to 255; goes into the upload as it is. */
  readonly storePathIndex: number;
}

/** All writable storage servers of the group that the tracker chose. */
export interface StoreTargets {
  readonly groupName: string;
  /** At least one. */
  readonly storages: readonly Endpoint[];
  /** Meant for the first storage server; for another of the list 0xFF is safer. */
  readonly storePathIndex: number;
}

/** response  groupName[16] address[15 or 45] port:int64 storePathIndex:uint8 */
const one = {
  encodeResponse(
    target: StoreTarget,
    { addressSize }: ResponseLayout = DEFAULT_RESPONSE_LAYOUT,
  ): Buffer {
    const fields = new FieldWriter().text(target.groupName, GROUP_NAME_SIZE);
    writeEndpoint(fields, target, addressSize);
    return fields.uint8(target.storePathIndex).toBuffer();
  },
  decodeResponse(body: Buffer): StoreTarget {
    const { groupName, storages, storePathIndex } = all.decodeResponse(body);
    const [storage] = storages;
    if (!storage || storages.length > 1) throw new ProtocolError('not exactly one storage server');
    return { groupName, ...storage, storePathIndex };
  },
};

/** response  groupName[16] n × (address[15 or 45] port:int64) storePathIndex:uint8 */
const all = {
  encodeResponse(
    targets: StoreTargets,
    { addressSize }: ResponseLayout = DEFAULT_RESPONSE_LAYOUT,
  ): Buffer {
    const fields = new FieldWriter().text(targets.groupName, GROUP_NAME_SIZE);
    for (const storage of targets.storages) writeEndpoint(fields, storage, addressSize);
    return fields.uint8(targets.storePathIndex).toBuffer();
  },
  decodeResponse(body: Buffer): StoreTargets {
    const { addressSize, count } = recordsIn(body.length - GROUP_NAME_SIZE - 1);
    const fields = new FieldReader(body);
    const groupName = fields.text(GROUP_NAME_SIZE);
    const storages = Array.from({ length: count }, () => readEndpoint(fields, addressSize));
    const storePathIndex = fields.uint8();
    fields.end();
    return { groupName, storages, storePathIndex };
  },
};

/** With 32 records at most, no length fits both widths. */
function recordsIn(size: number): { addressSize: AddressSize; count: number } {
  for (const addressSize of [ADDRESS_SIZE_IPV4, ADDRESS_SIZE_IPV6] as const) {
    const count = size / (addressSize - 1 + 8);
    if (Number.isInteger(count) && count >= 1 && count <= STORAGES_PER_GROUP_MAX) {
      return { addressSize, count };
    }
  }
  throw new ProtocolError(`no list of storage servers has ${size} bytes`);
}

/** request  empty */
const withoutGroup = { encodeRequest: encodeEmpty, decodeRequest: decodeEmpty };

/** A storage server for an upload, in any group. */
export const queryStoreWithoutGroupOne: Command<void, StoreTarget> = {
  name: 'SERVICE_QUERY_STORE_WITHOUT_GROUP_ONE',
  code: 101,
  ...withoutGroup,
  ...one,
};

/** A storage server for an upload, in the given group. */
export const queryStoreWithGroupOne: Command<GroupRequest, StoreTarget> = {
  name: 'SERVICE_QUERY_STORE_WITH_GROUP_ONE',
  code: 104,
  ...groupRequest,
  ...one,
};

/** All writable storage servers of a group that the tracker chooses. */
export const queryStoreWithoutGroupAll: Command<void, StoreTargets> = {
  name: 'SERVICE_QUERY_STORE_WITHOUT_GROUP_ALL',
  code: 106,
  ...withoutGroup,
  ...all,
};

/** All writable storage servers of the given group. */
export const queryStoreWithGroupAll: Command<GroupRequest, StoreTargets> = {
  name: 'SERVICE_QUERY_STORE_WITH_GROUP_ALL',
  code: 107,
  ...groupRequest,
  ...all,
};
