import { rmSync } from 'node:fs';
import type { FileSource } from '../../../src/fastdfs/protocol/file-name-fields.ts';
import {
  RW_MODE_BOTH,
  STORAGE_STATUS_ACTIVE,
} from '../../../src/fastdfs/protocol/storage-status.ts';
import { StorageFaults } from '../../../src/fastdfs/server/faults.ts';
import { Listener } from '../../../src/fastdfs/server/listener.ts';
import {
  type EmbeddedNodeSettings,
  type ResolvedSettings,
  resolveSettings,
} from '../../../src/fastdfs/server/settings.ts';
import { StorageContext } from '../../../src/fastdfs/server/storage-context.ts';
import { StorageService } from '../../../src/fastdfs/server/storage-service.ts';
import type { HostPort } from '../../../src/support/units.ts';
import { TcpProxy } from '../tcp-proxy.ts';
import { ChangeLog } from './change-log.ts';
import { listStoredFiles } from './list-stored-files.ts';

const STATUS_SYNCING = 2;

export interface StorageNodeOptions {
  readonly name: string;
  readonly groupName: string;
  readonly storePath: string;
  /** Address to listen on. */
  readonly host: string;
  /** Null names the storage server by its address. */
  readonly storageId: number | null;
  readonly addressOf: (source: FileSource) => string;
  readonly replicationDelayMs: number;
  readonly settings: Partial<EmbeddedNodeSettings>;
}

/** One storage server of an embedded cluster, behind a network of its own. */
export class StorageNode {
  readonly name: string;
  readonly groupName: string;
  readonly storePath: string;
  readonly source: FileSource;
  /** As trackers name it: its storage id, or its address. */
  readonly id: string;
  /** Switches of the server itself. They stay as they are when it starts again. */
  readonly faults = new StorageFaults();
  /** The network in front of it. */
  readonly network: TcpProxy;
  readonly changeLog: ChangeLog;
  /** Where trackers send clients. */
  advertisedAddress: HostPort;
  /** Bits of `storage-status.ts`. */
  rwMode = RW_MODE_BOTH;
  /** Free bytes that trackers were told; null for the truth. */
  reportedFreeBytes: number | null = null;
  /** By the id of each peer: up to when this one has that peer's changes, seconds since 1970. */
  readonly syncedFrom = new Map<string, number>();
  isCut = false;
  /** It gets the files of its peers before it serves clients. */
  isRecovering = false;
  readonly #addressOf: (source: FileSource) => string;
  readonly #settings: ResolvedSettings;
  #running: { readonly context: StorageContext; readonly listener: Listener } | null = null;
  #isWiped = false;

  private constructor(options: StorageNodeOptions, network: TcpProxy) {
    this.name = options.name;
    this.groupName = options.groupName;
    this.storePath = options.storePath;
    this.source =
      options.storageId === null ? { host: options.host } : { storageId: options.storageId };
    this.id = String(options.storageId ?? options.host);
    this.network = network;
    this.advertisedAddress = network.address;
    this.changeLog = new ChangeLog(options.replicationDelayMs);
    this.#addressOf = options.addressOf;
    this.#settings = resolveSettings({
      durability: 'none',
      reservedBytes: 0,
      drainTimeoutMs: 200,
      ...options.settings,
      storePath: options.storePath,
      groupName: options.groupName,
      host: options.host,
      storagePort: 0,
    });
  }

  static async open(options: StorageNodeOptions): Promise<StorageNode> {
    const network = await TcpProxy.start(null, options.host);
    const node = new StorageNode(options, network);
    await node.start();
    return node;
  }

  get address(): HostPort {
    return this.network.address;
  }

  /** What it works on; null while it is down. */
  get context(): StorageContext | null {
    return this.#running?.context ?? null;
  }

  get status(): number {
    return this.isRecovering ? STATUS_SYNCING : STORAGE_STATUS_ACTIVE;
  }

  get subdirCountPerPath(): number {
    return this.#settings.subdirCountPerPath;
  }

  get reservedBytes(): number {
    return this.#settings.reservedBytes;
  }

  async start(): Promise<void> {
    if (this.#running !== null) return;
    const context: StorageContext = new StorageContext(this.#settings, this.faults, {
      source: this.source,
      addressOf: this.#addressOf,
      onChange: (change) => {
        // A request that outlived the server it was sent to is noted by nobody.
        if (this.context === context) this.changeLog.record(change);
      },
    });
    const listener = await Listener.open(
      new StorageService(context),
      { ...this.#settings, port: 0, standardPort: 0 },
      () => {},
    );
    this.#running = { context, listener };
    this.isRecovering = this.#isWiped;
    this.#isWiped = false;
    this.network.target = { host: this.#settings.host, port: listener.port };
    await this.network.accept();
  }

  /** Ends as with SIGTERM: requests under way end, and the change log is written out. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    this.network.refuse();
    await running.listener.close();
    this.changeLog.flushAll();
    this.#running = null;
    if (!this.isCut) this.network.resetAll();
  }

  /** Ends as with SIGKILL: changes that were not written out are never replicated. */
  async kill(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    this.changeLog.loseUnflushed();
    this.network.refuse();
    if (!this.isCut) this.network.resetAll();
    await running.listener.kill();
  }

  cut(): void {
    this.isCut = true;
    this.network.cut();
  }

  heal(): void {
    this.isCut = false;
    this.network.heal();
    if (this.#running === null) this.network.resetAll();
  }

  /** Removes all files; the server must be down. It fetches them from its peers when it starts. */
  wipe(): void {
    if (this.#running !== null) throw new Error(`${this.name} is running`);
    rmSync(this.storePath, { recursive: true, force: true });
    this.changeLog.clear();
    this.#isWiped = true;
  }

  listFiles(): Promise<string[]> {
    return listStoredFiles(this.storePath);
  }

  async close(): Promise<void> {
    this.heal();
    await this.kill();
    await this.network.close();
  }
}
