import type { Command } from '../command.ts';
import {
  ADDRESS_SIZE_IPV4,
  ADDRESS_SIZE_IPV6,
  GROUP_NAME_SIZE,
  HOST_PORT_SIZE,
  STORAGE_ID_SIZE,
} from '../constants.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { requireGroupName } from '../file-id.ts';
import { DEFAULT_RESPONSE_LAYOUT } from '../response-layout.ts';

export interface StorageAddressRequest {
  readonly groupName: string;
  /** `ip:port`, `[ip6]:port` from 6.16.0 on; before, the address alone. */
  readonly address: string;
}

/** request  groupName[16] address:rest */
const request = {
  encodeRequest({ groupName, address }: StorageAddressRequest): Buffer {
    requireGroupName(groupName);
    requireAddressLength(address);
    return new FieldWriter().text(groupName, GROUP_NAME_SIZE).plainText(address).toBuffer();
  },
  decodeRequest(body: Buffer): StorageAddressRequest {
    const fields = new FieldReader(body);
    const groupName = fields.text(GROUP_NAME_SIZE);
    const address = fields.restText();
    requireAddressLength(address);
    return { groupName, address };
  },
};

function requireAddressLength(address: string): void {
  if (address.length < 1 || address.length > HOST_PORT_SIZE) {
    throw new ProtocolError(`address of ${address.length} bytes`);
  }
}

export interface StorageStatus {
  /** A number of `storage-status.ts`. */
  readonly status: number;
  readonly port: number;
  readonly id: string;
  readonly host: string;
}

const STATUS_SIZE_WIDE = 21 + ADDRESS_SIZE_IPV6;

/**
 * What the tracker thinks of one storage server. Status 2: unknown.
 *
 * request   groupName[16] address:rest
 * response  status:uint8 port:int32 id[16] address[46, before 6.11 16]
 */
export const getStorageStatus: Command<StorageAddressRequest, StorageStatus> = {
  name: 'STORAGE_GET_STATUS',
  code: 71,
  ...request,
  encodeResponse(storage, { storageStatusAddressSize } = DEFAULT_RESPONSE_LAYOUT) {
    return new FieldWriter()
      .uint8(storage.status)
      .int32(storage.port)
      .text(storage.id, STORAGE_ID_SIZE)
      .text(storage.host, storageStatusAddressSize)
      .toBuffer();
  },
  decodeResponse(body) {
    const isWide = body.length === STATUS_SIZE_WIDE;
    const fields = new FieldReader(body);
    const storage = {
      status: fields.uint8(),
      port: fields.int32(),
      id: fields.text(STORAGE_ID_SIZE),
      host: fields.text(isWide ? ADDRESS_SIZE_IPV6 : ADDRESS_SIZE_IPV4),
    };
    fields.end();
    return storage;
  },
};

/**
 * The id of a storage server; where storage ids are off, the given address unchecked.
 *
 * request   groupName[16] address:rest
 * response  id:rest
 */
export const getStorageId: Command<StorageAddressRequest, { readonly storageId: string }> = {
  name: 'STORAGE_GET_SERVER_ID',
  code: 70,
  ...request,
  encodeResponse: ({ storageId }) => new FieldWriter().plainText(storageId).toBuffer(),
  decodeResponse: (body) => ({ storageId: new FieldReader(body).restText() }),
};

export interface GroupNameRequest {
  /** Null asks for the sender's own address. */
  readonly host: string | null;
  readonly port: number;
}

/**
 * The group of a storage server. Status 95: storage ids are off.
 *
 * request   address port:int32, the address being what stands in front of the last 4 bytes
 * response  groupName[16]
 */
export const getGroupName: Command<GroupNameRequest, { readonly groupName: string }> = {
  name: 'STORAGE_GET_GROUP_NAME',
  code: 109,
  encodeRequest({ host, port }) {
    return new FieldWriter()
      .plainText(host ?? '')
      .int32(port)
      .toBuffer();
  },
  decodeRequest(body) {
    const fields = new FieldReader(body);
    const host = fields.plainText(Math.max(fields.left - 4, 0));
    return { host: host === '' ? null : host, port: fields.int32() };
  },
  encodeResponse: ({ groupName }) => new FieldWriter().text(groupName, GROUP_NAME_SIZE).toBuffer(),
  decodeResponse(body) {
    const fields = new FieldReader(body);
    const groupName = fields.text(GROUP_NAME_SIZE);
    fields.end();
    return { groupName };
  },
};
