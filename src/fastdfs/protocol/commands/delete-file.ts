import type { Command } from '../command.ts';
import { decodeEmpty, encodeEmpty } from '../empty-body.ts';
import type { FileIdParts } from '../file-id.ts';
import { fileRequest } from './file-request.ts';

/**
 * Removes a file and its metadata from the storage server that is asked, later from its peers.
 * Status 2 from any other server than the file's source proves nothing.
 *
 * request   groupName[16] fileName:rest
 * response  empty
 */
export const deleteFile: Command<FileIdParts, void> = {
  name: 'DELETE_FILE',
  code: 12,
  ...fileRequest,
  encodeResponse: encodeEmpty,
  decodeResponse: decodeEmpty,
};
