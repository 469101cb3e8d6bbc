import type { Command } from '../command.ts';
import {
  ADDRESS_SIZE_IPV4,
  ADDRESS_SIZE_IPV6,
  type AddressSize,
  FILE_NAME_LENGTH_MIN_TRACKER,
  GROUP_NAME_SIZE,
  STORAGES_PER_GROUP_MAX,
} from '../constants.ts';
import { ProtocolError, tryDecode } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import type { FileIdParts } from '../file-id.ts';
import { DEFAULT_RESPONSE_LAYOUT, type ResponseLayout } from '../response-layout.ts';
import { type Endpoint, readEndpoint, readHost, writeEndpoint } from './endpoint.ts';
import { fileRequest } from './file-request.ts';

export interface FetchTarget extends Endpoint {
  readonly groupName: string;
}

export interface FetchTargets {
  readonly groupName: string;
  /** At least one. */
  readonly storages: readonly Endpoint[];
}

const PORT_SIZE = 8;

/** request  groupName[16] fileName:rest */
const request = {
  encodeRequest: fileRequest.encodeRequest,
  decodeRequest(body: Buffer): FileIdParts {
    const file = fileRequest.decodeRequest(body);
    if (file.fileName.length < FILE_NAME_LENGTH_MIN_TRACKER) {
      throw new ProtocolError(`file name of ${file.fileName.length} bytes`);
    }
    return file;
  },
};

/** response  groupName[16] address[15 or 45] port:int64 */
const one = {
  encodeResponse(
    target: FetchTarget,
    { addressSize }: ResponseLayout = DEFAULT_RESPONSE_LAYOUT,
  ): Buffer {
    const fields = new FieldWriter().text(target.groupName, GROUP_NAME_SIZE);
    writeEndpoint(fields, target, addressSize);
    return fields.toBuffer();
  },
  decodeResponse(body: Buffer): FetchTarget {
    const fields = new FieldReader(body);
    const groupName = fields.text(GROUP_NAME_SIZE);
    const addressSize =
      fields.left === ADDRESS_SIZE_IPV6 - 1 + PORT_SIZE ? ADDRESS_SIZE_IPV6 : ADDRESS_SIZE_IPV4;
    const endpoint = readEndpoint(fields, addressSize);
    fields.end();
    return { groupName, ...endpoint };
  },
};

/** A storage server that may have the file, chosen by the tracker, which does not know files. */
export const queryFetchOne: Command<FileIdParts, FetchTarget> = {
  name: 'SERVICE_QUERY_FETCH_ONE',
  code: 102,
  ...request,
  ...one,
};

/** The storage server to send changes of the file to: its source, while that is usable. */
export const queryUpdate: Command<FileIdParts, FetchTarget> = {
  name: 'SERVICE_QUERY_UPDATE',
  code: 103,
  ...request,
  ...one,
};

/**
 * All storage servers that may have the file.
 *
 * response  groupName[16] n × (address[15 or 45] port:int64)                         from 6.16.0 on
 *           groupName[16] address[15 or 45] port:int64 (n - 1) × address[15 or 45]   before
 *
 * Lengths of the four forms collide (69 is one wide record or three old narrow ones), so decoding
 * tries each: a port read from text or padding is 0 or huge, and padding is no address.
 */
export const queryFetchAll: Command<FileIdParts, FetchTargets> = {
  name: 'SERVICE_QUERY_FETCH_ALL',
  code: 105,
  ...request,
  encodeResponse({ groupName, storages }, layout = DEFAULT_RESPONSE_LAYOUT) {
    const fields = new FieldWriter().text(groupName, GROUP_NAME_SIZE);
    for (const [index, storage] of storages.entries()) {
      if (index === 0 || layout.fetchAllPorts === 'each') {
        writeEndpoint(fields, storage, layout.addressSize);
      } else {
        fields.text(storage.host, layout.addressSize - 1);
      }
    }
    return fields.toBuffer();
  },
  decodeResponse(body) {
    for (const addressSize of [ADDRESS_SIZE_IPV4, ADDRESS_SIZE_IPV6] as const) {
      for (const read of [readWithOwnPorts, readWithSharedPort]) {
        const targets = tryDecode(() => readTargets(body, addressSize, read));
        if (targets) return targets;
      }
    }
    throw new ProtocolError(`no list of storage servers: ${body.length} bytes`);
  },
};

type StoragesReader = (fields: FieldReader, addressSize: AddressSize) => Endpoint[];

function readTargets(body: Buffer, addressSize: AddressSize, read: StoragesReader): FetchTargets {
  const fields = new FieldReader(body);
  const groupName = fields.text(GROUP_NAME_SIZE);
  const storages = read(fields, addressSize);
  fields.end();
  return { groupName, storages };
}

function readWithOwnPorts(fields: FieldReader, addressSize: AddressSize): Endpoint[] {
  const count = wholeCount(fields.left, addressSize - 1 + PORT_SIZE);
  return Array.from({ length: count }, () => readEndpoint(fields, addressSize));
}

function readWithSharedPort(fields: FieldReader, addressSize: AddressSize): Endpoint[] {
  const count = wholeCount(fields.left - PORT_SIZE, addressSize - 1);
  const first = readEndpoint(fields, addressSize);
  const others = Array.from({ length: count - 1 }, () => ({
    host: readHost(fields, addressSize),
    port: first.port,
  }));
  return [first, ...others];
}

function wholeCount(size: number, recordSize: number): number {
  const count = size / recordSize;
  if (!Number.isInteger(count) || count < 1 || count > STORAGES_PER_GROUP_MAX) {
    throw new ProtocolError(`${size} bytes are no records of ${recordSize}`);
  }
  return count;
}
