import type { Command } from '../command.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { requireFileName } from '../file-id.ts';
import { echoedResponse } from './echoed-response.ts';
import { readFileName } from './file-request.ts';

export interface TruncateRequest {
  readonly fileName: string;
  /** Bytes; a larger size than the present one extends the file with zero bytes. */
  readonly newSize: number;
}

/**
 * Sets the size of an appender file.
 *
 * request   fileNameLength:int64 newSize:int64 fileName
 * response  empty, or an echo to be dropped
 */
export const truncateFile: Command<TruncateRequest, void> = {
  name: 'TRUNCATE_FILE',
  code: 36,
  encodeRequest({ fileName, newSize }) {
    requireFileName(fileName);
    return new FieldWriter().size(fileName.length).size(newSize).plainText(fileName).toBuffer();
  },
  decodeRequest(body) {
    const fields = new FieldReader(body);
    const nameLength = fields.size();
    const newSize = fields.size();
    const fileName = readFileName(fields, nameLength);
    fields.end();
    return { fileName, newSize };
  },
  ...echoedResponse,
};
