import { appendFile } from '../protocol/commands/append-file.ts';
import { modifyFile } from '../protocol/commands/modify-file.ts';
import { regenerateAppenderFilename } from '../protocol/commands/regenerate-appender-filename.ts';
import { truncateFile } from '../protocol/commands/truncate-file.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FileIdParts } from '../protocol/file-id.ts';
import { decodeFileName } from '../protocol/file-name-fields.ts';
import type { ServerAddress } from './server-address.ts';
import type { Content, StorageClient } from './storage-client.ts';

/**
 * Changes appender files. All of it must go to the file's source storage server, one change at a
 * time: elsewhere the copies diverge. Rejects as `StorageClient` does, and with `ProtocolError`
 * for a file that is not an appender file.
 */
export class AppenderClient {
  readonly #storage: StorageClient;

  constructor(storage: StorageClient) {
    this.#storage = storage;
  }

  /**
   * Puts `size` bytes behind the end of the file. After an ambiguous failure ask for the size
   * before going on: sent twice, content is appended twice.
   */
  async appendFile(
    address: ServerAddress,
    { fileName }: FileIdParts,
    content: Content,
    size: number,
    signal?: AbortSignal,
  ): Promise<void> {
    requireAppender(fileName);
    if (size === 0) return;
    const request = { fileName, dataSize: size };
    await this.#storage.sendContent(address, appendFile, request, content, { signal }, false);
  }

  /**
   * Overwrites `size` bytes from `offset`, which must not lie behind the end. A modification that
   * breaks off leaves what had been written; the same one may be sent again.
   */
  async modifyFile(
    address: ServerAddress,
    { fileName }: FileIdParts,
    offset: number,
    content: Content,
    size: number,
    signal?: AbortSignal,
  ): Promise<void> {
    requireAppender(fileName);
    if (size === 0) return;
    const request = { fileName, offset, dataSize: size };
    await this.#storage.sendContent(address, modifyFile, request, content, { signal });
  }

  /** A larger size than the present one extends the file with zero bytes. */
  async truncateFile(
    address: ServerAddress,
    { fileName }: FileIdParts,
    newSize: number,
    signal?: AbortSignal,
  ): Promise<void> {
    requireAppender(fileName);
    await this.#storage.send(address, truncateFile, { fileName, newSize }, signal);
  }

  /** Makes the file a normal one, under the name that is returned; the old name is gone. */
  async regenerateAppenderFilename(
    address: ServerAddress,
    { fileName }: FileIdParts,
    signal?: AbortSignal,
  ): Promise<FileIdParts> {
    requireAppender(fileName);
    const request = { fileName };
    return this.#storage.send(address, regenerateAppenderFilename, request, signal, false);
  }
}

function requireAppender(fileName: string): void {
  if (!decodeFileName(fileName).isAppender) {
    throw new ProtocolError(`not an appender file: ${fileName}`);
  }
}
