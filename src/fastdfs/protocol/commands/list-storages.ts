import type { Command } from '../command.ts';
import {
  ADDRESS_SIZE_IPV4,
  ADDRESS_SIZE_IPV6,
  DOMAIN_NAME_SIZE,
  GROUP_NAME_SIZE,
  STORAGE_ID_LENGTH_MAX,
  STORAGE_ID_SIZE,
  STORAGES_PER_GROUP_MAX,
} from '../constants.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { requireGroupName } from '../file-id.ts';
import {
  DEFAULT_RESPONSE_LAYOUT,
  STORAGE_RECORD_SIZES,
  type StorageRecordSize,
} from '../response-layout.ts';
import { readStorageStat, type StorageStat, writeStorageStat } from '../storage-stat.ts';

export interface ListStoragesRequest {
  readonly groupName: string;
  /** Only this one; all of the group when null. */
  readonly storageId: string | null;
}

/** A storage server as a tracker sees it. Spaces are in MiB, times in seconds since 1970. */
export interface StorageRecord {
  /** A number of `storage-status.ts`; only 7, ACTIVE, may be used. */
  readonly status: number;
  /** Bits 4 = readable, 2 = writable; null before 6.13, where every ACTIVE one is both. */
  readonly rwMode: number | null;
  /** Its IPv4 address, or a number where storage ids are on. */
  readonly id: string;
  readonly host: string;
  /** Up to 6.12; null later. */
  readonly domainName: string | null;
  /** The storage server that this one copied from when it joined; empty for the first. */
  readonly sourceStorageId: string;
  readonly version: string;
  readonly joinTime: number;
  /** 0 while it is not connected to the tracker that was asked. */
  readonly upTime: number;
  readonly totalMb: number;
  /** Sum over its store paths. */
  readonly freeMb: number;
  /** Null before 6.13.1. */
  readonly reservedMb: number | null;
  /** Less is preferred. */
  readonly uploadPriority: number;
  readonly storePathCount: number;
  readonly subdirCountPerPath: number;
  readonly currentWritePath: number;
  readonly port: number;
  /** Up to 6.12; null later. */
  readonly httpPort: number | null;
  readonly stat: StorageStat;
  readonly isTrunkServer: boolean;
}

/** What tells one record layout from another. */
interface RecordForm {
  readonly addressSize: number;
  readonly versionSize: 6 | 8;
  /** domainName and storageHttpPort, until 6.13.0 put rwMode in their place. */
  readonly isHttpEra: boolean;
  readonly hasReserved: boolean;
  readonly hasConnections: boolean;
}

const HTTP_ERA = {
  versionSize: 6,
  isHttpEra: true,
  hasReserved: false,
  hasConnections: true,
} as const;
const RW_ERA = {
  versionSize: 8,
  isHttpEra: false,
  hasReserved: true,
  hasConnections: true,
} as const;

/** Record layouts by their size in bytes. */
const FORMS: Readonly<Record<StorageRecordSize, RecordForm>> = {
  600: { ...HTTP_ERA, addressSize: ADDRESS_SIZE_IPV4, hasConnections: false },
  612: { ...HTTP_ERA, addressSize: ADDRESS_SIZE_IPV4 },
  642: { ...HTTP_ERA, addressSize: ADDRESS_SIZE_IPV6 },
  644: { ...HTTP_ERA, addressSize: ADDRESS_SIZE_IPV6, versionSize: 8 },
  509: { ...RW_ERA, addressSize: ADDRESS_SIZE_IPV6, hasReserved: false },
  517: { ...RW_ERA, addressSize: ADDRESS_SIZE_IPV6 },
  487: { ...RW_ERA, addressSize: ADDRESS_SIZE_IPV4 },
};

/**
 * 487, 517       status:uint8 rwMode:uint8 id[16] address[16 or 46] sourceStorageId[16] version[8]
 *                joinTime upTime totalMb freeMb reservedMb uploadPriority storePathCount
 *                subdirCountPerPath currentWritePath storagePort (int64 each) stat isTrunkServer:uint8
 * 509            without reservedMb
 * 612, 642, 644  without rwMode and reservedMb; domainName[128] behind address; version[6], in 644
 *                version[8]; storageHttpPort:int64 behind storagePort
 * 600            as 612, without the connection counters in stat
 */
function readStorage(fields: FieldReader, form: RecordForm): StorageRecord {
  // Property order is wire order.
  return {
    status: fields.uint8(),
    rwMode: form.isHttpEra ? null : fields.uint8(),
    id: fields.text(STORAGE_ID_SIZE),
    host: fields.text(form.addressSize),
    domainName: form.isHttpEra ? fields.text(DOMAIN_NAME_SIZE) : null,
    sourceStorageId: fields.text(STORAGE_ID_SIZE),
    version: fields.text(form.versionSize),
    joinTime: fields.int64(),
    upTime: fields.int64(),
    totalMb: fields.int64(),
    freeMb: fields.int64(),
    reservedMb: form.hasReserved ? fields.int64() : null,
    uploadPriority: fields.int64(),
    storePathCount: fields.int64(),
    subdirCountPerPath: fields.int64(),
    currentWritePath: fields.int64(),
    port: fields.int64(),
    httpPort: form.isHttpEra ? fields.int64() : null,
    stat: readStorageStat(fields, form.hasConnections),
    isTrunkServer: fields.uint8() !== 0,
  };
}

function writeStorage(fields: FieldWriter, storage: StorageRecord, form: RecordForm): void {
  fields.uint8(storage.status);
  if (!form.isHttpEra) fields.uint8(storage.rwMode ?? 0);
  fields.text(storage.id, STORAGE_ID_SIZE).text(storage.host, form.addressSize);
  if (form.isHttpEra) fields.text(storage.domainName ?? '', DOMAIN_NAME_SIZE);
  fields.text(storage.sourceStorageId, STORAGE_ID_SIZE).text(storage.version, form.versionSize);
  fields.int64(storage.joinTime).int64(storage.upTime);
  fields.int64(storage.totalMb).int64(storage.freeMb);
  if (form.hasReserved) fields.int64(storage.reservedMb ?? 0);
  fields.int64(storage.uploadPriority);
  fields.int64(storage.storePathCount).int64(storage.subdirCountPerPath);
  fields.int64(storage.currentWritePath).int64(storage.port);
  if (form.isHttpEra) fields.int64(storage.httpPort ?? 0);
  writeStorageStat(fields, storage.stat, form.hasConnections);
  fields.uint8(storage.isTrunkServer ? 1 : 0);
}

/**
 * The storage servers of a group, whatever their status, ordered by id as text. Status 2: no such
 * group or id.
 *
 * request   groupName[16] storageId:rest, which may be missing
 * response  n × record; with 32 records at most, no length fits two record sizes
 */
export const listStorages: Command<ListStoragesRequest, readonly StorageRecord[]> = {
  name: 'SERVER_LIST_STORAGE',
  code: 92,
  encodeRequest({ groupName, storageId }) {
    requireGroupName(groupName);
    if (storageId !== null) requireStorageId(storageId);
    return new FieldWriter()
      .text(groupName, GROUP_NAME_SIZE)
      .plainText(storageId ?? '')
      .toBuffer();
  },
  decodeRequest(body) {
    const fields = new FieldReader(body);
    const groupName = fields.text(GROUP_NAME_SIZE);
    if (fields.left === 0) return { groupName, storageId: null };
    const storageId = fields.restText();
    requireStorageId(storageId);
    return { groupName, storageId };
  },
  encodeResponse(storages, { storageRecordSize } = DEFAULT_RESPONSE_LAYOUT) {
    const fields = new FieldWriter();
    for (const storage of storages) writeStorage(fields, storage, FORMS[storageRecordSize]);
    return fields.toBuffer();
  },
  decodeResponse(body) {
    const size = STORAGE_RECORD_SIZES.find(
      (size) => body.length % size === 0 && body.length / size <= STORAGES_PER_GROUP_MAX,
    );
    if (size === undefined) throw new ProtocolError(`no storage records: ${body.length} bytes`);
    const fields = new FieldReader(body);
    return Array.from({ length: body.length / size }, () => readStorage(fields, FORMS[size]));
  },
};

/** 1 to 15 characters: its field has room for a NUL. */
export function requireStorageId(storageId: string): void {
  if (storageId.length < 1 || storageId.length > STORAGE_ID_LENGTH_MAX) {
    throw new ProtocolError(`storage id of ${storageId.length} bytes`);
  }
}
