import { GROUP_NAME_SIZE } from '../constants.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { type FileIdParts, requireFileName, requireGroupName } from '../file-id.ts';

/**
 * response  groupName[16] fileName:rest
 *
 * The name that a storage server gave to a new file. Both directions refuse what is no file ID.
 */
export const fileResponse = {
  encodeResponse({ groupName, fileName }: FileIdParts): Buffer {
    requireGroupName(groupName);
    requireFileName(fileName);
    return new FieldWriter().text(groupName, GROUP_NAME_SIZE).plainText(fileName).toBuffer();
  },
  decodeResponse(body: Buffer): FileIdParts {
    const fields = new FieldReader(body);
    const groupName = fields.text(GROUP_NAME_SIZE);
    const fileName = fields.restText();
    requireGroupName(groupName);
    requireFileName(fileName);
    return { groupName, fileName };
  },
};
