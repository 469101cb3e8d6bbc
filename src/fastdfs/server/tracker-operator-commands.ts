import { GROUP_NAME_SIZE, STORAGE_ID_SIZE } from '../protocol/constants.ts';
import { FieldReader, FieldWriter } from '../protocol/fields.ts';
import type { ClusterView } from './cluster-view.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import type { TrackerHandler } from './tracker-handler.ts';

/** `ip:port` in the records of 96 and 97. */
const HOST_AND_PORT_SIZE = 52;
const VERSION_SIZE = 8;
const GROUP_NAME_RECORD_SIZE = GROUP_NAME_SIZE + 1;

/**
 * Commands of monitors and operators, which our own client does not send: their layouts are those
 * of FastDFS 6.16 and stand here alone.
 */
export const operatorCommands: readonly TrackerHandler[] = [
  { code: 64, answer: trackerStatus },
  { code: 70, answer: storageId },
  { code: 71, answer: storageStatus },
  { code: 93, answer: deleteStorage },
  { code: 94, answer: () => refuse(errno.EOPNOTSUPP, 'trunk files are off') },
  { code: 95, answer: leader },
  { code: 96, answer: trackerClusterStat },
  { code: 97, answer: storageClusterStat },
  { code: 98, answer: volumeStat },
  { code: 108, answer: deleteGroup },
  { code: 109, answer: () => refuse(errno.EOPNOTSUPP, 'storage ids are off') },
];

/** response  isLeader:uint8 runningSeconds:int64 restartInterval:int64 */
function trackerStatus(view: ClusterView, body: Buffer): Buffer {
  new FieldReader(body).end();
  const runningSeconds = Math.max(0, Math.floor(Date.now() / 1000) - view.startedAt);
  return new FieldWriter().uint8(1).int64(runningSeconds).int64(0).toBuffer();
}

/** request  groupName[16] `ip:port`. Without a port 22, as from 6.16.0 on. */
function readStorageAddress(view: ClusterView, body: Buffer): string {
  const fields = new FieldReader(body);
  const groupName = fields.text(GROUP_NAME_SIZE);
  const [host, port] = fields.restText().split(':');
  if (!host || !port) refuse(errno.EINVAL, 'ip:port expected');
  view.requireGroup(groupName);
  return host;
}

/** response  the id as text; without storage ids the address, checked against nothing */
function storageId(view: ClusterView, body: Buffer): Buffer {
  return new FieldWriter().plainText(readStorageAddress(view, body)).toBuffer();
}

/** response  status:uint8 port:int32 id[16] address[16 or 46] */
function storageStatus(view: ClusterView, body: Buffer): Buffer {
  view.requireStorage(view.groupName, readStorageAddress(view, body));
  return new FieldWriter()
    .uint8(view.storageStatus)
    .int32(view.storagePort)
    .text(view.storageHost, STORAGE_ID_SIZE)
    .text(view.storageHost, view.faults.layout.storageStatusAddressSize)
    .toBuffer();
}

/** request  groupName[16] storageId:rest. The only storage server is in use: 16. */
function deleteStorage(view: ClusterView, body: Buffer): never {
  const fields = new FieldReader(body);
  view.requireStorage(fields.text(GROUP_NAME_SIZE), fields.restText());
  return refuse(errno.EBUSY, 'the storage server is in use');
}

/** request  groupName[16]. The only group is not empty: 16. */
function deleteGroup(view: ClusterView, body: Buffer): never {
  const fields = new FieldReader(body);
  view.requireGroup(fields.text(GROUP_NAME_SIZE));
  fields.end();
  return refuse(errno.EBUSY, 'the group is not empty');
}

/** response  `ip:port`: the only tracker is the leader */
function leader(view: ClusterView, body: Buffer): Buffer {
  new FieldReader(body).end();
  return new FieldWriter().plainText(view.trackerAddress).toBuffer();
}

/**
 * request   filterBy:uint8 isActive:uint8 isLeader:uint8; filters are bits 1 and 2
 * response  count:uint8 n × (host[52] isLeader:uint8 isActive:uint8 alloc:int32 current:int32
 *           max:int32 version[8] upTime:int64 lastHeartbeat:int64)
 */
function trackerClusterStat(view: ClusterView, body: Buffer): Buffer {
  const fields = new FieldReader(body);
  const filterBy = fields.uint8();
  const isActive = fields.uint8() !== 0;
  const isLeader = fields.uint8() !== 0;
  fields.end();
  const passes = ((filterBy & 1) === 0 || isActive) && ((filterBy & 2) === 0 || isLeader);
  const response = new FieldWriter().uint8(passes ? 1 : 0);
  if (passes) {
    response.text(view.trackerAddress, HOST_AND_PORT_SIZE).uint8(1).uint8(1);
    writeProcess(response, view);
  }
  return response.toBuffer();
}

/**
 * request   filterBy:uint8 op:`=` or `!` status:uint8 isTrunkServer:uint8; filters are bits 1
 *           (trunk server) and 2 (status)
 * response  useStorageId:uint8 useTrunkFile:uint8 count:int32 n × (id[16] host[52]
 *           isTrunkServer:uint8 status:uint8, then as a tracker's record)
 */
function storageClusterStat(view: ClusterView, body: Buffer): Buffer {
  const fields = new FieldReader(body);
  const filterBy = fields.uint8();
  const isEqual = fields.text(1) !== '!';
  const hasStatus = fields.uint8() === view.storageStatus;
  const isTrunkServer = fields.uint8() !== 0;
  fields.end();
  const passes =
    ((filterBy & 1) === 0 || !isTrunkServer) && ((filterBy & 2) === 0 || hasStatus === isEqual);
  const response = new FieldWriter()
    .uint8(0)
    .uint8(0)
    .int32(passes ? 1 : 0);
  if (passes) {
    const address = `${view.storageHost}:${view.storagePort}`;
    response.text(view.storageHost, STORAGE_ID_SIZE).text(address, HOST_AND_PORT_SIZE);
    writeProcess(response.uint8(0).uint8(view.storageStatus), view);
  }
  return response.toBuffer();
}

function writeProcess(fields: FieldWriter, view: ClusterView): void {
  const { stat, version } = view.storageRecord(view.groupName, null);
  fields
    .int32(stat.connectionAllocCount)
    .int32(stat.connectionCurrentCount)
    .int32(stat.connectionMaxCount)
    .text(version, VERSION_SIZE)
    .int64(view.startedAt)
    .int64(stat.lastHeartBeatTime);
}

/**
 * request   filterBy:uint8 isDiskAvailable:uint8 isTrunkAvailable:uint8 isSpaceAvailable:uint8;
 *           filters are bits 1 (disk), 2 (trunk) and 4 (either)
 * response  useTrunkFile:uint8 count:int32 n × (groupName[17] totalMb freeMb reservedMb availableMb
 *           trunkFreeMb, int64 each, isDiskAvailable:uint8 isTrunkAvailable:uint8)
 */
function volumeStat(view: ClusterView, body: Buffer): Buffer {
  const fields = new FieldReader(body);
  const filterBy = fields.uint8();
  const [isDisk, isTrunk, isSpace] = [fields.uint8(), fields.uint8(), fields.uint8()];
  fields.end();
  const { totalMb, freeMb, reservedMb, trunkFreeMb } = view.groupRecord();
  const availableMb = Math.max(0, freeMb - (reservedMb ?? 0));
  const isAvailable = availableMb > 0;
  const passes =
    ((filterBy & 1) === 0 || (isDisk !== 0) === isAvailable) &&
    ((filterBy & 2) === 0 || isTrunk === 0) &&
    ((filterBy & 4) === 0 || (isSpace !== 0) === isAvailable);
  const response = new FieldWriter().uint8(0).int32(passes ? 1 : 0);
  if (passes) {
    response.text(view.groupName, GROUP_NAME_RECORD_SIZE);
    for (const mb of [totalMb, freeMb, reservedMb ?? 0, availableMb, trunkFreeMb]) {
      response.int64(mb);
    }
    response.uint8(isAvailable ? 1 : 0).uint8(0);
  }
  return response.toBuffer();
}

function refuse(fastdfsStatus: number, message: string): never {
  throw new RefusedRequest(fastdfsStatus, message);
}
