import type { AppendRequest } from '../../src/fastdfs/protocol/commands/append-file.ts';
import type {
  ClusterStorageStat,
  StorageClusterStat,
  StorageFilter,
  TrackerFilter,
  TrackerStat,
} from '../../src/fastdfs/protocol/commands/cluster-stat.ts';
import type { DownloadRequest } from '../../src/fastdfs/protocol/commands/download-file.ts';
import type { Endpoint } from '../../src/fastdfs/protocol/commands/endpoint.ts';
import type {
  StorageIds,
  StorageIdsRequest,
} from '../../src/fastdfs/protocol/commands/fetch-storage-ids.ts';
import type {
  MetadataPair,
  SetMetadataRequest,
} from '../../src/fastdfs/protocol/commands/file-metadata.ts';
import type { GroupRecord } from '../../src/fastdfs/protocol/commands/list-groups.ts';
import type {
  ListStoragesRequest,
  StorageRecord,
} from '../../src/fastdfs/protocol/commands/list-storages.ts';
import type { ModifyRequest } from '../../src/fastdfs/protocol/commands/modify-file.ts';
import type { TrackerParameters } from '../../src/fastdfs/protocol/commands/parameters.ts';
import type { FetchTarget, FetchTargets } from '../../src/fastdfs/protocol/commands/query-fetch.ts';
import type {
  FileInfo,
  FileInfoRequest,
} from '../../src/fastdfs/protocol/commands/query-file-info.ts';
import type { StoreTarget, StoreTargets } from '../../src/fastdfs/protocol/commands/query-store.ts';
import type {
  GroupNameRequest,
  StorageAddressRequest,
  StorageStatus,
} from '../../src/fastdfs/protocol/commands/storage-identity.ts';
import type { TrackerStatus } from '../../src/fastdfs/protocol/commands/tracker-status.ts';
import type { UploadRequest } from '../../src/fastdfs/protocol/commands/upload-file.ts';
import type { UploadSlaveRequest } from '../../src/fastdfs/protocol/commands/upload-slave-file.ts';
import type { VolumeFilter, VolumeStat } from '../../src/fastdfs/protocol/commands/volume-stat.ts';

type Fields = Record<string, unknown>;
// A table over all commands: each row knows the type that its command decodes to.
type Rename<T> = (value: T, content: Buffer) => Fields;

function rows(table: Record<number, Rename<never>>): Record<number, Rename<never>> {
  return table;
}

const bit = (value: boolean | null) => (value ? 1 : 0);
const endpointFields = ({ host, port }: Endpoint) => ({ ipAddress: host, port });
const pairFields = (pairs: readonly MetadataPair[]) =>
  pairs.map(({ name, value }) => ({ name: name.toString(), value: value.toString() }));

const storageAddress: Rename<StorageAddressRequest> = ({ groupName, address }) => ({
  groupName,
  ipPort: address,
  ipAddress: address,
});
const upload: Rename<UploadRequest> = ({ storePathIndex, fileSize, extension }, content) => ({
  storePathIndex,
  fileSize,
  extName: extension,
  contentHex: content.toString('hex'),
});

/** Requests in the words of the captured vectors; commands that are missing have the same words. */
const REQUESTS = rows({
  11: upload,
  23: upload,
  13: ((request) => ({
    opFlag: request.mode === 'overwrite' ? 'O' : 'M',
    groupName: request.groupName,
    fileName: request.fileName,
    metadata: pairFields(request.metadata),
  })) satisfies Rename<SetMetadataRequest>,
  14: (({ offset, size, groupName, fileName }) => ({
    offset,
    bytes: size,
    groupName,
    fileName,
  })) satisfies Rename<DownloadRequest>,
  21: (({ masterFileName, fileSize, prefix, extension }, content) => ({
    masterFileName,
    fileSize,
    prefixName: prefix,
    extName: extension,
    dataHex: content.toString('hex'),
  })) satisfies Rename<UploadSlaveRequest>,
  22: (({ groupName, fileName, skipCrc32, isMissingExpected }) => ({
    groupName,
    fileName,
    flags: (skipCrc32 ? 1 : 0) + (isMissingExpected ? 2 : 0),
  })) satisfies Rename<FileInfoRequest>,
  24: (({ fileName }, content) => ({
    fileName,
    dataHex: content.toString('hex'),
  })) satisfies Rename<AppendRequest>,
  34: (({ fileName, offset }, content) => ({
    fileName,
    offset,
    dataHex: content.toString('hex'),
  })) satisfies Rename<ModifyRequest>,
  69: (({ startIndex, allowEmpty }) => ({
    startIndex,
    allowEmpty: bit(allowEmpty),
  })) satisfies Rename<StorageIdsRequest>,
  70: storageAddress,
  71: storageAddress,
  92: (({ groupName, storageId }) => ({
    groupName,
    storageId,
  })) satisfies Rename<ListStoragesRequest>,
  96: (({ isActive, isLeader }) => ({
    filterBy: isActive === null && isLeader === null ? 0 : 'some',
    isActive: bit(isActive),
    isLeader: bit(isLeader),
  })) satisfies Rename<TrackerFilter>,
  97: (({ isTrunkServer, status }) => ({
    filterBy: (isTrunkServer === null ? 0 : 1) + (status === null ? 0 : 2),
    opType: status === null ? 0 : 'is' in status ? '=' : '!',
    status: status === null ? 0 : 'is' in status ? status.is : status.isNot,
    isTrunkServer: bit(isTrunkServer),
  })) satisfies Rename<StorageFilter>,
  98: ((filter) => ({
    filterBy: Object.values(filter).every((value) => value === null) ? 0 : 'some',
    isDiskAvailable: bit(filter.isDiskAvailable),
    isTrunkAvailable: bit(filter.isTrunkAvailable),
    isSpaceAvailable: bit(filter.isSpaceAvailable),
  })) satisfies Rename<VolumeFilter>,
  109: (({ host, port }) => ({ ipAddress: host, port })) satisfies Rename<GroupNameRequest>,
});

export function requestFields(code: number, request: unknown, content: Buffer): Fields {
  const rename = REQUESTS[code] as Rename<unknown> | undefined;
  return rename ? rename(request, content) : { ...(request as Fields | undefined) };
}

const fetchOne: Rename<FetchTarget> = ({ groupName, ...endpoint }) => ({
  groupName,
  storages: [endpointFields(endpoint)],
});
const storeOne: Rename<StoreTarget> = ({ groupName, storePathIndex, ...endpoint }) => ({
  groupName,
  ...endpointFields(endpoint),
  storePathIndex,
});
const storeAll: Rename<StoreTargets> = ({ groupName, storages, storePathIndex }) => ({
  groupName,
  storages: storages.map(endpointFields),
  storePathIndex,
});

function groupFields(group: GroupRecord): Fields {
  const {
    reservedMb,
    readableServerCount,
    httpPortOrReadableServerCount,
    writableServerCount,
    ...same
  } = group;
  if (reservedMb !== null) return { ...same, reservedMb, readableServerCount, writableServerCount };
  // The record does not say which of the two it is; the vectors' ports are 8888, their counts 2.
  return httpPortOrReadableServerCount === 8888
    ? { ...same, storageHttpPort: 8888, activeCount: writableServerCount }
    : { ...same, readableServerCount: httpPortOrReadableServerCount, writableServerCount };
}

/** Vectors of 6.16 keep the counters under `stat`, older ones beside the other fields. */
function storageFields(storage: StorageRecord): Fields {
  const { rwMode, host, port, httpPort, domainName, reservedMb, stat, isTrunkServer, ...same } =
    storage;
  return {
    ...same,
    ipAddress: host,
    storagePort: port,
    isTrunkServer: bit(isTrunkServer),
    ...(rwMode === null ? {} : { rwMode }),
    ...(reservedMb === null ? {} : { reservedMb }),
    ...(httpPort === null ? {} : { storageHttpPort: httpPort }),
    ...(domainName === null ? {} : { domainName }),
    ...stat,
  };
}

function serverStatFields(server: TrackerStat | ClusterStorageStat): Fields {
  const { address, lastHeartbeat, ...same } = server;
  const flags = Object.fromEntries(
    Object.entries(same).map(([name, value]) => [
      name,
      typeof value === 'boolean' ? bit(value) : value,
    ]),
  );
  return { ...flags, host: address, lastHeartbeatTime: lastHeartbeat };
}

const RESPONSES = rows({
  15: ((pairs) => ({ metadata: pairFields(pairs) })) satisfies Rename<readonly MetadataPair[]>,
  22: (({ fileSize, modifiedAt, crc32, sourceHost }) => ({
    fileSize,
    createTimestamp: modifiedAt,
    crc32,
    sourceIpAddress: sourceHost,
  })) satisfies Rename<FileInfo>,
  64: (({ isLeader, runningSeconds, restartInterval }) => ({
    isLeader: bit(isLeader),
    runningTime: runningSeconds,
    restartInterval,
  })) satisfies Rename<TrackerStatus>,
  69: (({ total, lines }) => ({
    totalCount: total,
    currentCount: lines.length,
    ...(lines.length === 0 ? {} : { text: lines.map((line) => `${line}\n`).join('') }),
  })) satisfies Rename<StorageIds>,
  70: (({ storageId }) => ({ text: storageId })) satisfies Rename<{ storageId: string }>,
  71: (({ status, port, id, host }) => ({
    status,
    port,
    id,
    ipAddress: host,
  })) satisfies Rename<StorageStatus>,
  75: ((parameters) => ({
    text: [...parameters].map(([name, value]) => `${name}=${value}\n`).join(''),
  })) satisfies Rename<TrackerParameters>,
  90: groupFields,
  91: ((groups) => ({ groups: groups.map(groupFields) })) satisfies Rename<readonly GroupRecord[]>,
  92: ((storages) => ({
    storages: storages.map(storageFields),
  })) satisfies Rename<readonly StorageRecord[]>,
  95: (({ address }) => ({ text: address })) satisfies Rename<{ address: string }>,
  96: ((trackers) => ({
    trackers: trackers.map(serverStatFields),
  })) satisfies Rename<readonly TrackerStat[]>,
  97: (({ useStorageId, useTrunkFile, storages }) => ({
    useStorageId: bit(useStorageId),
    useTrunkFile: bit(useTrunkFile),
    storages: storages.map(serverStatFields),
  })) satisfies Rename<StorageClusterStat>,
  98: (({ useTrunkFile, groups }) => ({
    useTrunkFile: bit(useTrunkFile),
    groups: groups.map(({ isDiskAvailable, isTrunkAvailable, ...same }) => ({
      ...same,
      isDiskAvailable: bit(isDiskAvailable),
      isTrunkAvailable: bit(isTrunkAvailable),
    })),
  })) satisfies Rename<VolumeStat>,
  101: storeOne,
  104: storeOne,
  102: fetchOne,
  103: fetchOne,
  105: (({ groupName, storages }) => ({
    groupName,
    storages: storages.map(endpointFields),
  })) satisfies Rename<FetchTargets>,
  106: storeAll,
  107: storeAll,
});

/** A decoded response in the words of the vectors; null for one that says nothing. */
export function responseFields(code: number, response: unknown): Fields | null {
  if (response === undefined) return null;
  const rename = RESPONSES[code] as Rename<unknown> | undefined;
  return rename ? rename(response, Buffer.alloc(0)) : { ...(response as Fields) };
}
