import type { Command } from '../command.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { type FileIdParts, requireFileName } from '../file-id.ts';
import { readFileName } from './file-request.ts';
import { fileResponse } from './file-response.ts';

/**
 * Makes an appender file a normal one under a new name (6.02 and later). The old name is gone at
 * once, and its metadata are lost.
 *
 * request   fileName:rest
 * response  groupName[16] fileName:rest
 */
export const regenerateAppenderFilename: Command<{ readonly fileName: string }, FileIdParts> = {
  name: 'REGENERATE_APPENDER_FILENAME',
  code: 38,
  mayTakeLong: true,
  encodeRequest({ fileName }) {
    requireFileName(fileName);
    return new FieldWriter().plainText(fileName).toBuffer();
  },
  decodeRequest(body) {
    return { fileName: readFileName(new FieldReader(body), body.length) };
  },
  ...fileResponse,
};
