import type { ContentCommand } from '../command.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { requireFileName } from '../file-id.ts';
import { echoedResponse } from './echoed-response.ts';
import { requireFileNameLength } from './file-request.ts';
import { requireContentSize } from './upload-file.ts';

export interface ModifyRequest {
  readonly fileName: string;
  /** First byte to write; at most the size of the file. */
  readonly offset: number;
  /** Bytes of content that follow; may reach beyond the end. */
  readonly dataSize: number;
}

const FIXED_SIZE = 24;

/**
 * Overwrites bytes of an appender file.
 *
 * request   fileNameLength:int64 offset:int64 dataSize:int64 fileName content[dataSize]
 * response  empty, or an echo to be dropped
 */
export const modifyFile: ContentCommand<ModifyRequest, void> = {
  name: 'MODIFY_FILE',
  code: 34,
  encodeRequest({ fileName, offset, dataSize }) {
    requireFileName(fileName);
    return new FieldWriter()
      .size(fileName.length)
      .size(offset)
      .size(dataSize)
      .plainText(fileName)
      .toBuffer();
  },
  contentSizeOf: ({ dataSize }) => dataSize,
  decodeRequestHead(bytes, bodyLength) {
    if (bodyLength < FIXED_SIZE) throw new ProtocolError(`modify of ${bodyLength} bytes`);
    if (bytes.length < FIXED_SIZE) return null;
    const fields = new FieldReader(bytes);
    const nameLength = fields.size();
    requireFileNameLength(nameLength);
    const headSize = FIXED_SIZE + nameLength;
    const offset = fields.size();
    const dataSize = fields.size();
    requireContentSize(dataSize, headSize, bodyLength);
    if (bytes.length < headSize) return null;
    return { request: { fileName: fields.plainText(nameLength), offset, dataSize }, headSize };
  },
  ...echoedResponse,
};
