import type { Readable } from 'node:stream';
import type { Command, ContentCommand } from '../protocol/command.ts';
import { activeTest } from '../protocol/commands/active-test.ts';
import { deleteFile } from '../protocol/commands/delete-file.ts';
import { type DownloadRequest, downloadFile } from '../protocol/commands/download-file.ts';
import {
  getMetadata,
  type MetadataPair,
  type SetMetadataRequest,
  setMetadata,
} from '../protocol/commands/file-metadata.ts';
import {
  type FileInfo,
  type FileInfoRequest,
  queryFileInfo,
} from '../protocol/commands/query-file-info.ts';
import {
  type UploadRequest,
  uploadAppenderFile,
  uploadFile,
} from '../protocol/commands/upload-file.ts';
import {
  type UploadSlaveRequest,
  uploadSlaveFile,
} from '../protocol/commands/upload-slave-file.ts';
import type { FileIdParts } from '../protocol/file-id.ts';
import { decodeFileName } from '../protocol/file-name-fields.ts';
import { DownloadStream } from './download-stream.ts';
import { ContentSizeError } from './errors.ts';
import {
  type ContentOptions,
  type DownloadSink,
  execute,
  executeDownload,
  executeWithContent,
} from './exchanges.ts';
import type { ServerAddress } from './server-address.ts';
import type { ServerPools } from './server-pools.ts';

/** Bytes to send: all at hand, or a sequence that gives exactly as many as announced. */
export type Content = Buffer | AsyncIterable<Buffer>;

/**
 * Talks to storage servers. Every method names the server; which one to take is for the tracker,
 * or for whoever knows the cluster.
 *
 * All reject with `FastdfsStatusError` when the server refuses, `FastdfsConnectionError` (also
 * `FastdfsTimeoutError`) when it cannot be talked to, `ProtocolError` for a request that no server
 * would take, and the signal's reason. What content throws is rethrown as it is.
 */
export class StorageClient {
  readonly #pools: ServerPools;

  constructor(pools: ServerPools) {
    this.#pools = pools;
  }

  /** Stores a file of `request.fileSize` bytes. */
  uploadFile(
    address: ServerAddress,
    request: UploadRequest,
    content: Content,
    options: ContentOptions = {},
  ): Promise<FileIdParts> {
    return this.sendContent(address, uploadFile, request, content, options);
  }

  /** Stores a file that can be changed later, through `AppenderClient`. */
  uploadAppenderFile(
    address: ServerAddress,
    request: UploadRequest,
    content: Content,
    signal?: AbortSignal,
  ): Promise<FileIdParts> {
    return this.sendContent(address, uploadAppenderFile, request, content, { signal });
  }

  /** Stores a file beside its master, which that server must have. Status 17: it is there already. */
  async uploadSlaveFile(
    address: ServerAddress,
    request: UploadSlaveRequest,
    content: Content,
    signal?: AbortSignal,
  ): Promise<FileIdParts> {
    // A second try after a lost answer would only find the first one's file: 17.
    return this.sendContent(address, uploadSlaveFile, request, content, { signal }, false);
  }

  /**
   * Opens a file, or a range of it. Resolves when the server has said that the bytes will come; a
   * failure later destroys the stream. The range must lie inside the file where its name tells the
   * size: servers refuse others at the cost of the connection, and old ones never answer.
   */
  async downloadFile(
    address: ServerAddress,
    request: DownloadRequest,
    signal?: AbortSignal,
  ): Promise<Readable> {
    const { size } = decodeFileName(request.fileName);
    if (size !== null && (request.offset >= size || request.offset + request.size > size)) {
      throw new RangeError(
        `range of ${request.size} bytes at ${request.offset} in a file of ${size} bytes`,
      );
    }
    return new Promise((resolve, reject) => {
      let isStarted = false;
      const stream = new DownloadStream((started) => {
        isStarted = true;
        resolve(started);
      });
      this.downloadInto(address, request, stream, signal).catch((error: unknown) => {
        reject(error);
        const failure = error instanceof Error ? error : new Error(String(error));
        // Before its start nobody listens to the stream's own error.
        stream.destroy(isStarted ? failure : undefined);
      });
    });
  }

  /** As `downloadFile`, without its checks, into a sink; resolves when the sink has it all. */
  downloadInto(
    address: ServerAddress,
    request: DownloadRequest,
    sink: DownloadSink,
    signal?: AbortSignal,
  ): Promise<void> {
    const purpose = { command: downloadFile.name, isReplayable: true, signal };
    return this.#pools.withConnection(address, purpose, (connection) =>
      executeDownload(connection, downloadFile, request, sink, signal),
    );
  }

  /**
   * Deletes a file on one server; its peers follow. Status 2 from any server but the file's source
   * does not mean that the file is gone.
   */
  deleteFile(address: ServerAddress, file: FileIdParts, signal?: AbortSignal): Promise<void> {
    return this.send(address, deleteFile, file, signal);
  }

  /** Replaces or merges the file's metadata. */
  setMetadata(
    address: ServerAddress,
    request: SetMetadataRequest,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.send(address, setMetadata, request, signal);
  }

  /** Status 2 when the file has no metadata, and when there is no such file. */
  getMetadata(
    address: ServerAddress,
    file: FileIdParts,
    signal?: AbortSignal,
  ): Promise<readonly MetadataPair[]> {
    return this.send(address, getMetadata, file, signal);
  }

  queryFileInfo(
    address: ServerAddress,
    request: FileInfoRequest,
    signal?: AbortSignal,
  ): Promise<FileInfo> {
    return this.send(address, queryFileInfo, request, signal);
  }

  activeTest(address: ServerAddress, signal?: AbortSignal): Promise<void> {
    return this.send(address, activeTest, undefined, signal);
  }

  /** Requests that this process has under way, or waiting, at the server. */
  loadOf(address: ServerAddress): number {
    return this.#pools.loadOf(address);
  }

  /** Runs any command without content. */
  send<Request, Response>(
    address: ServerAddress,
    command: Command<Request, Response>,
    request: Request,
    signal?: AbortSignal,
    isReplayable = true,
  ): Promise<Response> {
    const purpose = { command: command.name, isReplayable, signal };
    return this.#pools.withConnection(address, purpose, (connection) =>
      execute(connection, command, request, signal),
    );
  }

  /** Runs any command with content. */
  async sendContent<Request, Response>(
    address: ServerAddress,
    command: ContentCommand<Request, Response>,
    request: Request,
    content: Content,
    options: ContentOptions,
    isReplayable = Buffer.isBuffer(content),
  ): Promise<Response> {
    const size = command.contentSizeOf(request);
    if (Buffer.isBuffer(content) && content.length !== size) {
      throw new ContentSizeError(size, content.length);
    }
    const isStreamed = !Buffer.isBuffer(content);
    const { signal } = options;
    const purpose = { command: command.name, isReplayable, isStreamed, signal };
    return this.#pools.withConnection(address, purpose, (connection) =>
      executeWithContent(connection, command, request, content, options),
    );
  }
}
