import { GROUP_NAME_SIZE } from '../constants.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { requireGroupName } from '../file-id.ts';

export interface GroupRequest {
  readonly groupName: string;
}

/** request  groupName[16] */
export const groupRequest = {
  encodeRequest({ groupName }: GroupRequest): Buffer {
    requireGroupName(groupName);
    return new FieldWriter().text(groupName, GROUP_NAME_SIZE).toBuffer();
  },
  decodeRequest(body: Buffer): GroupRequest {
    const fields = new FieldReader(body);
    const groupName = fields.text(GROUP_NAME_SIZE);
    fields.end();
    return { groupName };
  },
};
