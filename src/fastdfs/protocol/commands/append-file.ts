import type { ContentCommand } from '../command.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { requireFileName } from '../file-id.ts';
import { echoedResponse } from './echoed-response.ts';
import { requireFileNameLength } from './file-request.ts';
import { requireContentSize } from './upload-file.ts';

export interface AppendRequest {
  readonly fileName: string;
  /** Bytes of content that follow. */
  readonly dataSize: number;
}

const FIXED_SIZE = 16;

/**
 * Puts content behind the end of an appender file.
 *
 * request   fileNameLength:int64 dataSize:int64 fileName content[dataSize]
 * response  empty, or an echo to be dropped
 */
export const appendFile: ContentCommand<AppendRequest, void> = {
  name: 'APPEND_FILE',
  code: 24,
  encodeRequest({ fileName, dataSize }) {
    requireFileName(fileName);
    return new FieldWriter().size(fileName.length).size(dataSize).plainText(fileName).toBuffer();
  },
  contentSizeOf: ({ dataSize }) => dataSize,
  decodeRequestHead(bytes, bodyLength) {
    if (bodyLength < FIXED_SIZE) throw new ProtocolError(`append of ${bodyLength} bytes`);
    if (bytes.length < FIXED_SIZE) return null;
    const fields = new FieldReader(bytes);
    const nameLength = fields.size();
    requireFileNameLength(nameLength);
    const headSize = FIXED_SIZE + nameLength;
    const dataSize = fields.size();
    requireContentSize(dataSize, headSize, bodyLength);
    if (bytes.length < headSize) return null;
    return { request: { fileName: fields.plainText(nameLength), dataSize }, headSize };
  },
  ...echoedResponse,
};
