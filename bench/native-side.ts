import type { DownloadSink } from '../src/fastdfs/client/exchanges.ts';
import type { ServerAddress } from '../src/fastdfs/client/server-address.ts';
import { ServerHealth } from '../src/fastdfs/client/server-health.ts';
import { ServerPools } from '../src/fastdfs/client/server-pools.ts';
import { StorageClient } from '../src/fastdfs/client/storage-client.ts';
import { TrackerClient } from '../src/fastdfs/client/tracker-client.ts';
import type { FileIdParts } from '../src/fastdfs/protocol/file-id.ts';

/** The plain way to use FastDFS: ask a tracker, then talk to the storage server that it names. */
export class NativeSide {
  readonly #pools: ServerPools;
  readonly #trackers: TrackerClient;
  readonly #storages: StorageClient;

  constructor(trackers: readonly ServerAddress[]) {
    this.#pools = new ServerPools({
      connectTimeoutMs: 5_000,
      responseTimeoutMs: 5_000,
      idleTimeoutMs: 30_000,
      commandTimeoutMs: 60_000,
      connectionsPerServerMax: 64,
      idleConnectionsPerServerMax: 64,
      connectionWaitersPerServerMax: 1_000,
      connectionWaitTimeoutMs: 30_000,
      idleConnectionLifetimeMs: 60_000,
    });
    this.#trackers = new TrackerClient(
      this.#pools,
      trackers,
      new ServerHealth({ coolOffMs: 5_000, coolOffMsMax: 5_000 }),
    );
    this.#storages = new StorageClient(this.#pools);
  }

  async put(content: Buffer): Promise<FileIdParts> {
    const target = await this.#trackers.queryStore(null);
    return this.#storages.uploadFile(
      target,
      { storePathIndex: target.storePathIndex, fileSize: content.length, extension: '' },
      content,
    );
  }

  /** Reads the file and drops the bytes; resolves with their number. */
  async get(file: FileIdParts): Promise<number> {
    const target = await this.#trackers.queryFetch(file);
    const sink = new CountingSink();
    await this.#storages.downloadInto(target, { ...file, offset: 0, size: 0 }, sink);
    return sink.bytes;
  }

  async delete(file: FileIdParts): Promise<void> {
    await this.#storages.deleteFile(await this.#trackers.queryUpdate(file), file);
  }

  close(): void {
    this.#pools.close();
  }
}

/** Drops the bytes of a download and counts them. */
class CountingSink implements DownloadSink {
  readonly isTransfer = true;
  bytes = 0;

  attach(): void {}
  start(): void {}
  end(): void {}

  data(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    return true;
  }
}
