import type { ContentCommand } from '../command.ts';
import { EXTENSION_SIZE, SLAVE_PREFIX_SIZE } from '../constants.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { type FileIdParts, isSlavePrefix, requireFileName } from '../file-id.ts';
import { requireFileNameLength } from './file-request.ts';
import { fileResponse } from './file-response.ts';
import { requireContentSize, requireExtension } from './upload-file.ts';

export interface UploadSlaveRequest {
  /** Must be on the storage server that is asked; it has one group, so none is given. */
  readonly masterFileName: string;
  /** Bytes of content that follow. */
  readonly fileSize: number;
  /** 1 to 16 characters put behind the master's name. */
  readonly prefix: string;
  /** Without dot, at most 6 characters, possibly empty; the master's is not inherited. */
  readonly extension: string;
}

const FIXED_SIZE = 38;

/**
 * Stores a file under a name made from another one's. Status 17: that name exists already.
 *
 * request   masterFileNameLength:int64 fileSize:int64 prefix[16] extension[6] masterFileName
 *           content[fileSize]
 * response  groupName[16] fileName:rest
 */
export const uploadSlaveFile: ContentCommand<UploadSlaveRequest, FileIdParts> = {
  name: 'UPLOAD_SLAVE_FILE',
  code: 21,
  encodeRequest(request) {
    requireFileName(request.masterFileName);
    requirePrefix(request);
    return new FieldWriter()
      .size(request.masterFileName.length)
      .size(request.fileSize)
      .text(request.prefix, SLAVE_PREFIX_SIZE)
      .text(request.extension, EXTENSION_SIZE)
      .plainText(request.masterFileName)
      .toBuffer();
  },
  contentSizeOf: ({ fileSize }) => fileSize,
  decodeRequestHead(bytes, bodyLength) {
    if (bodyLength < FIXED_SIZE) throw new ProtocolError(`slave upload of ${bodyLength} bytes`);
    if (bytes.length < FIXED_SIZE) return null;
    const fields = new FieldReader(bytes);
    const nameLength = fields.size();
    requireFileNameLength(nameLength);
    const headSize = FIXED_SIZE + nameLength;
    const fileSize = fields.size();
    requireContentSize(fileSize, headSize, bodyLength);
    const prefix = fields.text(SLAVE_PREFIX_SIZE);
    const extension = fields.text(EXTENSION_SIZE);
    requirePrefix({ prefix, extension });
    if (bytes.length < headSize) return null;
    const masterFileName = fields.plainText(nameLength);
    return { request: { masterFileName, fileSize, prefix, extension }, headSize };
  },
  ...fileResponse,
};

function requirePrefix({ prefix, extension }: { prefix: string; extension: string }): void {
  requireExtension(extension);
  // `-m` without extension would be the name of the master's metadata file.
  if (!isSlavePrefix(prefix) || (prefix === '-m' && extension === '')) {
    throw new ProtocolError(`not a slave prefix: ${JSON.stringify(prefix.slice(0, 20))}`);
  }
}
