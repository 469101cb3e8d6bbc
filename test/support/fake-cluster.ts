import { crc32 } from 'node:zlib';
import type { ServerAddress } from '../../src/fastdfs/client/server-address.ts';
import { activeTest } from '../../src/fastdfs/protocol/commands/active-test.ts';
import { deleteFile } from '../../src/fastdfs/protocol/commands/delete-file.ts';
import { downloadFile } from '../../src/fastdfs/protocol/commands/download-file.ts';
import {
  type GroupRecord,
  listAllGroups,
} from '../../src/fastdfs/protocol/commands/list-groups.ts';
import {
  listStorages,
  type StorageRecord,
} from '../../src/fastdfs/protocol/commands/list-storages.ts';
import { queryFetchAll, queryUpdate } from '../../src/fastdfs/protocol/commands/query-fetch.ts';
import { queryFileInfo } from '../../src/fastdfs/protocol/commands/query-file-info.ts';
import {
  queryStoreWithGroupAll,
  queryStoreWithGroupOne,
  queryStoreWithoutGroupAll,
  queryStoreWithoutGroupOne,
} from '../../src/fastdfs/protocol/commands/query-store.ts';
import { uploadFile } from '../../src/fastdfs/protocol/commands/upload-file.ts';
import { decodeFileName, encodeFileName } from '../../src/fastdfs/protocol/file-name-fields.ts';
import type { Header } from '../../src/fastdfs/protocol/frame.ts';
import {
  DEFAULT_RESPONSE_LAYOUT,
  type ResponseLayout,
} from '../../src/fastdfs/protocol/response-layout.ts';
import { emptyStorageStat } from '../../src/fastdfs/protocol/storage-stat.ts';
import { type FakePeer, FakeServer, type Script } from './fake-server.ts';

type Request = Header & { readonly body: Buffer };

/** Handles a request in a test's own way and returns true, or leaves it to the server. */
type Intercept = (peer: FakePeer, request: Request) => boolean | Promise<boolean>;

/** Where the servers listen, and how they lay out what they answer. */
export interface FakeClusterOptions {
  readonly host?: string;
  readonly layout?: ResponseLayout;
}

const NOT_FOUND = 2;
const UPLOAD_HEAD_SIZE = 15;

abstract class FakeService {
  /** Codes of all requests that came, in order, but for pings. */
  readonly requests: number[] = [];
  intercept: Intercept = () => false;
  protected readonly layout: ResponseLayout;
  readonly #host: string;
  #server: FakeServer | null = null;
  #address: ServerAddress | null = null;

  constructor({ host, layout }: FakeClusterOptions) {
    this.#host = host ?? '127.0.0.1';
    this.layout = layout ?? DEFAULT_RESPONSE_LAYOUT;
  }

  get address(): ServerAddress {
    if (this.#address === null) throw new Error('not started');
    return this.#address;
  }

  get connections(): number {
    return this.#server?.peers.length ?? 0;
  }

  /** Starts, or starts again at the same port. */
  async start(): Promise<void> {
    const script: Script = async (peer) => {
      for (let request = await peer.request(); request; request = await peer.request()) {
        if (request.code !== activeTest.code) this.requests.push(request.code);
        if (!(await this.intercept(peer, request))) this.serve(peer, request);
      }
    };
    this.#server = await FakeServer.start(script, this.#address?.port, this.#host);
    this.#address = this.#server.address;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = null;
  }

  protected abstract serve(peer: FakePeer, request: Request): void;
}

/** A storage server that keeps its files in memory. Its replicas get nothing by themselves. */
export class FakeStorage extends FakeService {
  readonly groupName: string;
  readonly id: number;
  readonly files = new Map<string, Buffer>();
  /** What is added to the CRC-32 in new file names. */
  crcError = 0;
  status = 7;
  /** Seconds since 1970 in new file names; that of the upload when null. */
  timestamp: number | null = null;
  /** What the tracker tells of its replication: seconds since 1970. */
  lastSyncedS = 0;
  /** Whether the tracker knows it. */
  isListed = true;
  freeMib = 400;
  /** Of 1000 MiB 100 are kept free. */
  static readonly reservedMib = 100;

  constructor(groupName: string, id: number, options: FakeClusterOptions = {}) {
    super(options);
    this.groupName = groupName;
    this.id = id;
  }

  /** Copies all files to another one, as replication does in its own time. */
  replicateTo(peer: FakeStorage): void {
    for (const [fileName, content] of this.files) peer.files.set(fileName, content);
  }

  protected serve(peer: FakePeer, { code, body }: Request): void {
    if (code === queryFileInfo.code) this.#fileInfo(peer, body);
    else if (code === uploadFile.code) this.#upload(peer, body.subarray(UPLOAD_HEAD_SIZE));
    else if (code === downloadFile.code) this.#download(peer, body);
    else if (code === deleteFile.code) {
      peer.answer(this.files.delete(deleteFile.decodeRequest(body).fileName) ? 0 : NOT_FOUND);
    } else peer.answer(code === activeTest.code ? 0 : 22);
  }

  #fileInfo(peer: FakePeer, body: Buffer): void {
    const { fileName } = queryFileInfo.decodeRequest(body);
    const content = this.files.get(fileName);
    if (content === undefined) {
      peer.answer(NOT_FOUND);
      return;
    }
    const info = {
      fileSize: content.length,
      modifiedAt: 1_795_211_713,
      crc32: decodeFileName(fileName).crc32 ?? 0,
      sourceHost: this.address.host,
    };
    peer.answer(0, queryFileInfo.encodeResponse(info, this.layout));
  }

  #upload(peer: FakePeer, content: Buffer): void {
    const fileName = encodeFileName({
      storePathIndex: 0,
      directories: [0, 0],
      source: { storageId: this.id },
      timestamp: this.timestamp ?? Math.trunc(Date.now() / 1000),
      size: content.length,
      crc32: (crc32(content) + this.crcError) % 2 ** 32,
      isAppender: false,
      extension: '',
      random: { sizeBits: this.files.size, tailDigits: this.id },
    });
    this.files.set(fileName, Buffer.from(content));
    peer.answer(0, uploadFile.encodeResponse({ groupName: this.groupName, fileName }));
  }

  #download(peer: FakePeer, body: Buffer): void {
    const { fileName, offset, size } = downloadFile.decodeRequest(body);
    const content = this.files.get(fileName);
    if (content === undefined) peer.answer(NOT_FOUND);
    else peer.answer(0, content.subarray(offset, size === 0 ? undefined : offset + size));
  }
}

/** A tracker that lists all storage servers as usable unless told otherwise. */
export class FakeTracker extends FakeService {
  readonly storages: readonly FakeStorage[];
  /** The storage server that is named for uploads. */
  named: FakeStorage;
  constructor(storages: readonly FakeStorage[], options: FakeClusterOptions = {}) {
    super(options);
    this.storages = storages;
    const [first] = storages;
    if (first === undefined) throw new Error('a cluster needs a storage server');
    this.named = first;
  }

  protected serve(peer: FakePeer, { code, body }: Request): void {
    const groupName = body.toString('latin1', 0, 16).replace(/\0.*$/s, '');
    const group = this.#members(groupName);
    const { address } = this.named;
    const { layout } = this;
    const one = { groupName: this.named.groupName, ...address, storePathIndex: 0 };
    if (code === queryStoreWithoutGroupOne.code) {
      peer.answer(0, queryStoreWithoutGroupOne.encodeResponse(one, layout));
    } else if (code === queryStoreWithGroupOne.code && group[0]) {
      const member = this.named.groupName === groupName ? this.named : group[0];
      const target = { groupName, ...member.address, storePathIndex: 0 };
      peer.answer(0, queryStoreWithGroupOne.encodeResponse(target, layout));
    } else if (code === queryStoreWithoutGroupAll.code || code === queryStoreWithGroupAll.code) {
      const storages = group.map((storage) => storage.address);
      const all = { groupName, storages, storePathIndex: 0 };
      peer.answer(0, queryStoreWithGroupAll.encodeResponse(all, layout));
    } else if (code === queryFetchAll.code) {
      const storages = group.map((storage) => storage.address);
      peer.answer(0, queryFetchAll.encodeResponse({ groupName, storages }, layout));
    } else if (code === queryUpdate.code) {
      const { source } = decodeFileName(queryUpdate.decodeRequest(body).fileName);
      const isUp = (storage: FakeStorage) => storage.status === 7;
      const own = group.find((member) => 'storageId' in source && member.id === source.storageId);
      const member = own && isUp(own) ? own : group.find(isUp);
      if (member === undefined) peer.answer(NOT_FOUND);
      else peer.answer(0, queryUpdate.encodeResponse({ groupName, ...member.address }, layout));
    } else if (code === listAllGroups.code) {
      peer.answer(0, listAllGroups.encodeResponse(this.#groups(), layout));
    } else if (code === listStorages.code) {
      peer.answer(0, listStorages.encodeResponse(group.map(storageRecord), layout));
    } else peer.answer(code === activeTest.code ? 0 : 22);
  }

  #members(groupName: string): FakeStorage[] {
    return this.storages.filter((each) => each.isListed && each.groupName === groupName);
  }

  #groups(): GroupRecord[] {
    return [...new Set(this.storages.map((storage) => storage.groupName))].map((groupName) => ({
      groupName,
      totalMb: 1000,
      freeMb: Math.min(...this.#members(groupName).map(({ freeMib }) => freeMib)),
      reservedMb: FakeStorage.reservedMib,
      trunkFreeMb: 0,
      storageCount: this.#members(groupName).length,
      storagePort: 23_000,
      readableServerCount: this.#members(groupName).length,
      httpPortOrReadableServerCount: null,
      writableServerCount: this.#members(groupName).length,
      currentWriteServer: 0,
      storePathCount: 1,
      subdirCountPerPath: 256,
      currentTrunkFileId: -1,
    }));
  }
}

function storageRecord(storage: FakeStorage): StorageRecord {
  return {
    status: storage.status,
    rwMode: 6,
    id: String(storage.id),
    ...storage.address,
    domainName: null,
    sourceStorageId: '',
    version: '6.16.1',
    joinTime: 1,
    upTime: 2,
    totalMb: 1000,
    freeMb: storage.freeMib,
    reservedMb: FakeStorage.reservedMib,
    uploadPriority: 10,
    storePathCount: 1,
    subdirCountPerPath: 256,
    currentWritePath: 0,
    httpPort: null,
    stat: {
      ...emptyStorageStat(),
      lastHeartBeatTime: 1_795_000_000,
      lastSyncedTimestamp: storage.lastSyncedS,
    },
    isTrunkServer: false,
  };
}

/** A tracker and its storage servers, started; ids count from 1. */
export async function startFakeCluster(
  groups: Readonly<Record<string, number>>,
  options: FakeClusterOptions = {},
): Promise<{ tracker: FakeTracker; storages: FakeStorage[]; stop(): Promise<void> }> {
  const names = Object.entries(groups).flatMap(([name, count]) => Array(count).fill(name));
  const storages = names.map((name: string, i) => new FakeStorage(name, i + 1, options));
  for (const storage of storages) await storage.start();
  const tracker = new FakeTracker(storages, options);
  await tracker.start();
  return {
    tracker,
    storages,
    async stop() {
      await tracker.stop();
      for (const storage of storages) await storage.stop();
    },
  };
}
