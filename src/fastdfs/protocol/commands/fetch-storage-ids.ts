import type { Command } from '../command.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';

export interface StorageIdsRequest {
  readonly startIndex: number;
  /** Answer with nothing, not with status 95, where storage ids are off. Since 6.11. */
  readonly allowEmpty: boolean;
}

export interface StorageIds {
  /** How many there are in all; ask again from startIndex plus those had. */
  readonly total: number;
  /** `id group ip[,ip2][:port][ rw=read|write|none]`, IPv6 addresses in brackets. */
  readonly lines: readonly string[];
}

/**
 * A page of the table that maps storage ids to addresses.
 *
 * request   startIndex:int32 allowEmpty:uint8; before 6.11 without allowEmpty
 * response  total:int32 count:int32 text: count lines, each with a line feed behind it
 */
export const fetchStorageIds: Command<StorageIdsRequest, StorageIds> = {
  name: 'STORAGE_FETCH_STORAGE_IDS',
  code: 69,
  encodeRequest({ startIndex, allowEmpty }) {
    return new FieldWriter()
      .int32(startIndex)
      .uint8(allowEmpty ? 1 : 0)
      .toBuffer();
  },
  decodeRequest(body) {
    const fields = new FieldReader(body);
    const startIndex = fields.int32();
    const allowEmpty = fields.left > 0 && fields.uint8() !== 0;
    fields.end();
    return { startIndex, allowEmpty };
  },
  encodeResponse({ total, lines }) {
    const fields = new FieldWriter().int32(total).int32(lines.length);
    for (const line of lines) fields.plainText(`${line}\n`);
    return fields.toBuffer();
  },
  decodeResponse(body) {
    const fields = new FieldReader(body);
    const total = fields.int32();
    const count = fields.int32();
    const lines = fields.restText().split('\n');
    if (lines.pop() !== '' || lines.length !== count) {
      throw new ProtocolError(`${count} storage ids announced, not that many lines`);
    }
    return { total, lines };
  },
};
