import type { DownloadCommand } from '../command.ts';
import { GROUP_NAME_SIZE } from '../constants.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { type FileIdParts, requireFileName, requireGroupName } from '../file-id.ts';
import { readFileName } from './file-request.ts';

export interface DownloadRequest extends FileIdParts {
  /**
   * First byte wanted. At or beyond the end of the file it must not be sent: 6.15.4 and later
   * answer 22 and close, older servers may not answer at all. So empty files cannot be downloaded.
   */
  readonly offset: number;
  /** Bytes wanted; 0 for all up to the end. Up to 6.15.3 more than there are is an error. */
  readonly size: number;
}

/**
 * Reads a file or a range of it.
 *
 * request   offset:int64 size:int64 groupName[16] fileName:rest
 * response  content
 */
export const downloadFile: DownloadCommand<DownloadRequest> = {
  name: 'DOWNLOAD_FILE',
  code: 14,
  encodeRequest({ offset, size, groupName, fileName }) {
    requireGroupName(groupName);
    requireFileName(fileName);
    return new FieldWriter()
      .size(offset)
      .size(size)
      .text(groupName, GROUP_NAME_SIZE)
      .plainText(fileName)
      .toBuffer();
  },
  decodeRequest(body) {
    const fields = new FieldReader(body);
    const offset = fields.size();
    const size = fields.size();
    const groupName = fields.text(GROUP_NAME_SIZE);
    return { offset, size, groupName, fileName: readFileName(fields, fields.left) };
  },
};
