import { activeTest } from '../../src/fastdfs/protocol/commands/active-test.ts';
import { appendFile } from '../../src/fastdfs/protocol/commands/append-file.ts';
import {
  deleteGroup,
  deleteStorage,
  setTrunkServer,
} from '../../src/fastdfs/protocol/commands/cluster-changes.ts';
import {
  storageClusterStat,
  trackerClusterStat,
} from '../../src/fastdfs/protocol/commands/cluster-stat.ts';
import { deleteFile } from '../../src/fastdfs/protocol/commands/delete-file.ts';
import { downloadFile } from '../../src/fastdfs/protocol/commands/download-file.ts';
import { fetchStorageIds } from '../../src/fastdfs/protocol/commands/fetch-storage-ids.ts';
import { getMetadata, setMetadata } from '../../src/fastdfs/protocol/commands/file-metadata.ts';
import { listAllGroups, listOneGroup } from '../../src/fastdfs/protocol/commands/list-groups.ts';
import { listStorages } from '../../src/fastdfs/protocol/commands/list-storages.ts';
import { modifyFile } from '../../src/fastdfs/protocol/commands/modify-file.ts';
import { getParameters } from '../../src/fastdfs/protocol/commands/parameters.ts';
import {
  queryFetchAll,
  queryFetchOne,
  queryUpdate,
} from '../../src/fastdfs/protocol/commands/query-fetch.ts';
import { queryFileInfo } from '../../src/fastdfs/protocol/commands/query-file-info.ts';
import {
  queryStoreWithGroupAll,
  queryStoreWithGroupOne,
  queryStoreWithoutGroupAll,
  queryStoreWithoutGroupOne,
} from '../../src/fastdfs/protocol/commands/query-store.ts';
import { quit } from '../../src/fastdfs/protocol/commands/quit.ts';
import { regenerateAppenderFilename } from '../../src/fastdfs/protocol/commands/regenerate-appender-filename.ts';
import {
  getGroupName,
  getStorageId,
  getStorageStatus,
} from '../../src/fastdfs/protocol/commands/storage-identity.ts';
import { getLeader, getTrackerStatus } from '../../src/fastdfs/protocol/commands/tracker-status.ts';
import { truncateFile } from '../../src/fastdfs/protocol/commands/truncate-file.ts';
import { uploadAppenderFile, uploadFile } from '../../src/fastdfs/protocol/commands/upload-file.ts';
import { uploadSlaveFile } from '../../src/fastdfs/protocol/commands/upload-slave-file.ts';
import { volumeStat } from '../../src/fastdfs/protocol/commands/volume-stat.ts';
import type { ResponseLayout } from '../../src/fastdfs/protocol/response-layout.ts';

/** A command whose request and response types were given up, to run over all of them. */
export interface AnyCommand {
  readonly name: string;
  readonly code: number;
  encodeRequest(request: never): Buffer;
  headerStatusOf?(request: never): number;
  contentSizeOf?(request: never): number;
  decodeRequest?(body: Buffer, headerStatus?: number): unknown;
  decodeRequestHead?(
    bytes: Buffer,
    bodyLength: number,
  ): { request: unknown; headSize: number } | null;
  encodeResponse?(response: never, layout?: ResponseLayout): Buffer;
  decodeResponse?(body: Buffer): unknown;
}

/** All commands of the protocol layer. */
export const COMMANDS: readonly AnyCommand[] = [
  activeTest,
  quit,
  queryStoreWithoutGroupOne,
  queryStoreWithGroupOne,
  queryStoreWithoutGroupAll,
  queryStoreWithGroupAll,
  queryFetchOne,
  queryFetchAll,
  queryUpdate,
  listAllGroups,
  listOneGroup,
  listStorages,
  getStorageStatus,
  getStorageId,
  getGroupName,
  getTrackerStatus,
  getLeader,
  trackerClusterStat,
  storageClusterStat,
  volumeStat,
  deleteStorage,
  deleteGroup,
  setTrunkServer,
  getParameters,
  fetchStorageIds,
  uploadFile,
  uploadAppenderFile,
  uploadSlaveFile,
  appendFile,
  modifyFile,
  truncateFile,
  deleteFile,
  downloadFile,
  setMetadata,
  getMetadata,
  queryFileInfo,
  regenerateAppenderFilename,
];

export function commandOf(code: number): AnyCommand | undefined {
  return COMMANDS.find((command) => command.code === code);
}
