import {
  FILE_NAME_LENGTH_MAX,
  FILE_NAME_LENGTH_MIN_STORAGE,
  GROUP_NAME_SIZE,
} from '../constants.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { type FileIdParts, requireFileName, requireGroupName } from '../file-id.ts';

/**
 * request  groupName[16] fileName:rest
 *
 * Encoding refuses every name that a storage server would not have given. Decoding leaves that to
 * the server, which knows its status for it, and checks the length alone.
 */
export const fileRequest = {
  encodeRequest({ groupName, fileName }: FileIdParts): Buffer {
    requireGroupName(groupName);
    requireFileName(fileName);
    return new FieldWriter().text(groupName, GROUP_NAME_SIZE).plainText(fileName).toBuffer();
  },
  decodeRequest(body: Buffer): FileIdParts {
    const fields = new FieldReader(body);
    const groupName = fields.text(GROUP_NAME_SIZE);
    return { groupName, fileName: readFileName(fields, fields.left) };
  },
};

/** A file name of `length` bytes; storage servers take 11 to 127. */
export function readFileName(fields: FieldReader, length: number): string {
  requireFileNameLength(length);
  return fields.plainText(length);
}

export function requireFileNameLength(length: number): void {
  if (length < FILE_NAME_LENGTH_MIN_STORAGE || length > FILE_NAME_LENGTH_MAX) {
    throw new ProtocolError(`file name of ${length} bytes`);
  }
}
