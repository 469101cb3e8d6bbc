import type { RequestEncoder } from '../../src/fastdfs/protocol/command.ts';
import { appendFile } from '../../src/fastdfs/protocol/commands/append-file.ts';
import { deleteFile } from '../../src/fastdfs/protocol/commands/delete-file.ts';
import { downloadFile } from '../../src/fastdfs/protocol/commands/download-file.ts';
import {
  decodeMetadata,
  getMetadata,
  metadataFromText,
  setMetadata,
} from '../../src/fastdfs/protocol/commands/file-metadata.ts';
import { modifyFile } from '../../src/fastdfs/protocol/commands/modify-file.ts';
import { queryFileInfo } from '../../src/fastdfs/protocol/commands/query-file-info.ts';
import { regenerateAppenderFilename } from '../../src/fastdfs/protocol/commands/regenerate-appender-filename.ts';
import { truncateFile } from '../../src/fastdfs/protocol/commands/truncate-file.ts';
import { uploadAppenderFile, uploadFile } from '../../src/fastdfs/protocol/commands/upload-file.ts';
import { uploadSlaveFile } from '../../src/fastdfs/protocol/commands/upload-slave-file.ts';
import type { RawConnection } from './raw-fastdfs.ts';

const groupName = 'group1';

/** The storage commands over one raw connection. A number is a status other than 0. */
export class StorageDriver {
  readonly connection: RawConnection;

  constructor(connection: RawConnection) {
    this.connection = connection;
  }

  async #call<Request, Result>(
    command: RequestEncoder<Request>,
    request: Request,
    content: Buffer | undefined,
    decode: (body: Buffer) => Result,
  ): Promise<Result | number> {
    const response = await this.connection.request(command, request, content);
    if (response === null) throw new Error('the server closed the connection');
    return response.status === 0 ? decode(response.body) : response.status;
  }

  upload(content: Buffer, extension = 'bin') {
    const request = { storePathIndex: 0xff, fileSize: content.length, extension };
    return this.#call(uploadFile, request, content, decodeName);
  }

  uploadAppender(content: Buffer, extension = 'log') {
    const request = { storePathIndex: 0, fileSize: content.length, extension };
    return this.#call(uploadAppenderFile, request, content, decodeName);
  }

  uploadSlave(masterFileName: string, prefix: string, content: Buffer, extension = 'jpg') {
    const request = { masterFileName, prefix, extension, fileSize: content.length };
    return this.#call(uploadSlaveFile, request, content, decodeName);
  }

  download(fileName: string, offset = 0, size = 0) {
    const request = { groupName, fileName, offset, size };
    return this.#call(downloadFile, request, undefined, (body) => body);
  }

  append(fileName: string, content: Buffer) {
    return this.#call(appendFile, { fileName, dataSize: content.length }, content, nothing);
  }

  modify(fileName: string, offset: number, content: Buffer) {
    const request = { fileName, offset, dataSize: content.length };
    return this.#call(modifyFile, request, content, nothing);
  }

  truncate(fileName: string, newSize: number) {
    return this.#call(truncateFile, { fileName, newSize }, undefined, nothing);
  }

  regenerate(fileName: string) {
    return this.#call(regenerateAppenderFilename, { fileName }, undefined, decodeName);
  }

  delete(fileName: string) {
    return this.#call(deleteFile, { groupName, fileName }, undefined, nothing);
  }

  info(fileName: string, skipCrc32 = false) {
    const request = { groupName, fileName, skipCrc32, isMissingExpected: true };
    return this.#call(queryFileInfo, request, undefined, (body) =>
      queryFileInfo.decodeResponse(body),
    );
  }

  setMetadata(fileName: string, mode: 'overwrite' | 'merge', pairs: Record<string, string>) {
    const metadata = metadataFromText(Object.entries(pairs));
    return this.#call(setMetadata, { groupName, fileName, mode, metadata }, undefined, nothing);
  }

  getMetadata(fileName: string) {
    return this.#call(getMetadata, { groupName, fileName }, undefined, (body) =>
      decodeMetadata(body).map(({ name, value }) => `${name}=${value}`),
    );
  }

  /** The name of a file that must be accepted. */
  async store(content: Buffer, extension?: string): Promise<string> {
    return named(await this.upload(content, extension));
  }

  async storeAppender(content: Buffer, extension?: string): Promise<string> {
    return named(await this.uploadAppender(content, extension));
  }
}

export function named(result: string | number): string {
  if (typeof result === 'number') throw new Error(`refused with status ${result}`);
  return result;
}

function decodeName(body: Buffer): string {
  return uploadFile.decodeResponse(body).fileName;
}

/** A success without a body is 0, so that it compares with the statuses of failures. */
function nothing(body: Buffer): number {
  if (body.length > 0) throw new Error(`${body.length} bytes of body`);
  return 0;
}
