import type { Command } from '../command.ts';
import { HOST_PORT_SIZE, STORAGE_ID_SIZE, VERSION_SIZE } from '../constants.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { readRecords } from './records.ts';

/** Counters that both kinds of servers show. Times are seconds since 1970. */
interface ServerStat {
  readonly connectionAllocCount: number;
  readonly connectionCurrentCount: number;
  readonly connectionMaxCount: number;
  readonly version: string;
  readonly upTime: number;
  readonly lastHeartbeat: number;
}

/** stat  allocCount:int32 currentCount:int32 maxCount:int32 version[8] upTime:int64 heartbeat:int64 */
function readStat(fields: FieldReader): ServerStat {
  return {
    connectionAllocCount: fields.int32(),
    connectionCurrentCount: fields.int32(),
    connectionMaxCount: fields.int32(),
    version: fields.text(VERSION_SIZE),
    upTime: fields.int64(),
    lastHeartbeat: fields.int64(),
  };
}

function writeStat(fields: FieldWriter, stat: ServerStat): void {
  fields
    .int32(stat.connectionAllocCount)
    .int32(stat.connectionCurrentCount)
    .int32(stat.connectionMaxCount)
    .text(stat.version, VERSION_SIZE)
    .int64(stat.upTime)
    .int64(stat.lastHeartbeat);
}

export interface TrackerStat extends ServerStat {
  /** `ip:port`, IPv6 in brackets. */
  readonly address: string;
  readonly isLeader: boolean;
  readonly isActive: boolean;
}

/** Null leaves a property out of the filter. */
export interface TrackerFilter {
  readonly isActive: boolean | null;
  readonly isLeader: boolean | null;
}

const FILTER_ACTIVE = 1;
const FILTER_LEADER = 2;
const TRACKER_STAT_SIZE = 90;

/**
 * All trackers; only the leader answers, others say 95 (6.15.5 and later).
 *
 * request   filterBy:uint8 (1 = isActive, 2 = isLeader) isActive:uint8 isLeader:uint8
 * response  count:uint8 count × (address[52] isLeader:uint8 isActive:uint8 stat)
 */
export const trackerClusterStat: Command<TrackerFilter, readonly TrackerStat[]> = {
  name: 'SERVER_TRACKER_CLUSTER_STAT',
  code: 96,
  encodeRequest({ isActive, isLeader }) {
    return new FieldWriter()
      .uint8((isActive === null ? 0 : FILTER_ACTIVE) | (isLeader === null ? 0 : FILTER_LEADER))
      .uint8(isActive ? 1 : 0)
      .uint8(isLeader ? 1 : 0)
      .toBuffer();
  },
  decodeRequest(body) {
    const fields = new FieldReader(body);
    const filterBy = fields.uint8();
    const isActive = fields.uint8() !== 0;
    const isLeader = fields.uint8() !== 0;
    fields.end();
    return {
      isActive: filterBy & FILTER_ACTIVE ? isActive : null,
      isLeader: filterBy & FILTER_LEADER ? isLeader : null,
    };
  },
  encodeResponse(trackers) {
    const fields = new FieldWriter().uint8(trackers.length);
    for (const tracker of trackers) {
      fields.text(tracker.address, HOST_PORT_SIZE);
      fields.uint8(tracker.isLeader ? 1 : 0).uint8(tracker.isActive ? 1 : 0);
      writeStat(fields, tracker);
    }
    return fields.toBuffer();
  },
  decodeResponse(body) {
    const fields = new FieldReader(body);
    return readRecords(fields, fields.uint8(), TRACKER_STAT_SIZE, () => ({
      address: fields.text(HOST_PORT_SIZE),
      isLeader: fields.uint8() !== 0,
      isActive: fields.uint8() !== 0,
      ...readStat(fields),
    }));
  },
};

export interface ClusterStorageStat extends ServerStat {
  readonly id: string;
  /** `ip:port`, IPv6 in brackets. */
  readonly address: string;
  readonly isTrunkServer: boolean;
  /** A number of `storage-status.ts`. */
  readonly status: number;
}

export interface StorageFilter {
  readonly isTrunkServer: boolean | null;
  /** Those with the status, or with any other one. */
  readonly status: { readonly is: number } | { readonly isNot: number } | null;
}

export interface StorageClusterStat {
  readonly useStorageId: boolean;
  readonly useTrunkFile: boolean;
  readonly storages: readonly ClusterStorageStat[];
}

const FILTER_TRUNK_SERVER = 1;
const FILTER_STATUS = 2;
const STORAGE_STAT_SIZE = 106;

/**
 * The storage servers of all groups in one request (6.16.0 and later).
 *
 * request   filterBy:uint8 (1 = isTrunkServer, 2 = status) operator[1] (`=` or `!`) status:uint8
 *           isTrunkServer:uint8
 * response  useStorageId:uint8 useTrunkFile:uint8 count:int32
 *           count × (id[16] address[52] isTrunkServer:uint8 status:uint8 stat)
 */
export const storageClusterStat: Command<StorageFilter, StorageClusterStat> = {
  name: 'SERVER_STORAGE_CLUSTER_STAT',
  code: 97,
  encodeRequest({ isTrunkServer, status }) {
    const fields = new FieldWriter().uint8(
      (isTrunkServer === null ? 0 : FILTER_TRUNK_SERVER) | (status === null ? 0 : FILTER_STATUS),
    );
    if (status === null) fields.uint8(0).uint8(0);
    else if ('is' in status) fields.text('=', 1).uint8(status.is);
    else fields.text('!', 1).uint8(status.isNot);
    return fields.uint8(isTrunkServer ? 1 : 0).toBuffer();
  },
  decodeRequest(body) {
    const fields = new FieldReader(body);
    const filterBy = fields.uint8();
    const operator = fields.text(1);
    const status = fields.uint8();
    const isTrunkServer = fields.uint8() !== 0;
    fields.end();
    return {
      isTrunkServer: filterBy & FILTER_TRUNK_SERVER ? isTrunkServer : null,
      status: filterBy & FILTER_STATUS ? statusFilter(operator, status) : null,
    };
  },
  encodeResponse({ useStorageId, useTrunkFile, storages }) {
    const fields = new FieldWriter().uint8(useStorageId ? 1 : 0).uint8(useTrunkFile ? 1 : 0);
    fields.int32(storages.length);
    for (const storage of storages) {
      fields.text(storage.id, STORAGE_ID_SIZE).text(storage.address, HOST_PORT_SIZE);
      fields.uint8(storage.isTrunkServer ? 1 : 0).uint8(storage.status);
      writeStat(fields, storage);
    }
    return fields.toBuffer();
  },
  decodeResponse(body) {
    const fields = new FieldReader(body);
    const useStorageId = fields.uint8() !== 0;
    const useTrunkFile = fields.uint8() !== 0;
    const storages = readRecords(fields, fields.int32(), STORAGE_STAT_SIZE, () => ({
      id: fields.text(STORAGE_ID_SIZE),
      address: fields.text(HOST_PORT_SIZE),
      isTrunkServer: fields.uint8() !== 0,
      status: fields.uint8(),
      ...readStat(fields),
    }));
    return { useStorageId, useTrunkFile, storages };
  },
};

function statusFilter(operator: string, status: number): StorageFilter['status'] {
  if (operator === '=') return { is: status };
  if (operator === '!') return { isNot: status };
  throw new ProtocolError(`not an operator: ${JSON.stringify(operator)}`);
}
