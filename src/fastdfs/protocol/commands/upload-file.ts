import type { ContentCommand } from '../command.ts';
import { EXTENSION_SIZE, STORE_PATH_INDEX_ANY, STORE_PATH_INDEX_MAX } from '../constants.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { type FileIdParts, isExtension } from '../file-id.ts';
import { fileResponse } from './file-response.ts';

export interface UploadRequest {
  /** From the tracker's answer, or 0xFF to let the storage server choose. */
  readonly storePathIndex: number;
  /** Bytes of content that follow. */
  readonly fileSize: number;
  /** Without dot, at most 6 characters, possibly empty. */
  readonly extension: string;
}

const HEAD_SIZE = 15;

/**
 * request   storePathIndex:uint8 fileSize:int64 extension[6] content[fileSize]
 * response  groupName[16] fileName:rest
 */
const upload = {
  encodeRequest({ storePathIndex, fileSize, extension }: UploadRequest): Buffer {
    requireStorePathIndex(storePathIndex);
    requireExtension(extension);
    return new FieldWriter()
      .uint8(storePathIndex)
      .size(fileSize)
      .text(extension, EXTENSION_SIZE)
      .toBuffer();
  },
  contentSizeOf({ fileSize }: UploadRequest): number {
    return fileSize;
  },
  decodeRequestHead(bytes: Buffer, bodyLength: number) {
    if (bodyLength < HEAD_SIZE) throw new ProtocolError(`upload of ${bodyLength} bytes`);
    if (bytes.length < HEAD_SIZE) return null;
    const fields = new FieldReader(bytes);
    const request: UploadRequest = {
      storePathIndex: fields.uint8(),
      fileSize: fields.size(),
      extension: fields.text(EXTENSION_SIZE),
    };
    requireStorePathIndex(request.storePathIndex);
    requireExtension(request.extension);
    requireContentSize(request.fileSize, HEAD_SIZE, bodyLength);
    return { request, headSize: HEAD_SIZE };
  },
  ...fileResponse,
};

/** Stores a file whose size is known. The answer names it. */
export const uploadFile: ContentCommand<UploadRequest, FileIdParts> = {
  name: 'UPLOAD_FILE',
  code: 11,
  ...upload,
};

/** Stores a file that can be appended to, modified and truncated later. */
export const uploadAppenderFile: ContentCommand<UploadRequest, FileIdParts> = {
  name: 'UPLOAD_APPENDER_FILE',
  code: 23,
  ...upload,
};

export function requireExtension(extension: string): void {
  if (!isExtension(extension)) {
    throw new ProtocolError(`not a file extension: ${JSON.stringify(extension.slice(0, 20))}`);
  }
}

/** The announced content must be the rest of the body, to the byte. */
export function requireContentSize(size: number, headSize: number, bodyLength: number): void {
  if (headSize + size !== bodyLength) {
    throw new ProtocolError(`content of ${size} bytes in a body with ${bodyLength - headSize}`);
  }
}

function requireStorePathIndex(index: number): void {
  if (index !== STORE_PATH_INDEX_ANY && !(index >= 0 && index <= STORE_PATH_INDEX_MAX)) {
    throw new ProtocolError(`store path index ${index} cannot be given in an upload`);
  }
}
