import type { Command } from '../command.ts';
import { ADDRESS_SIZE_IPV4, ADDRESS_SIZE_IPV6 } from '../constants.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import type { FileIdParts } from '../file-id.ts';
import { DEFAULT_RESPONSE_LAYOUT } from '../response-layout.ts';
import { fileRequest } from './file-request.ts';

export interface FileInfoRequest extends FileIdParts {
  /**
   * Do not read an appender or slave file through for its CRC-32, which takes 2 ms per MiB.
   * From 6.15.1 on; before, either flag means `isMissingExpected`.
   */
  readonly skipCrc32: boolean;
  /** Do not log that the file is missing. */
  readonly isMissingExpected: boolean;
}

export interface FileInfo {
  /** Bytes. */
  readonly fileSize: number;
  /** Seconds since 1970; not the timestamp in the file's name. */
  readonly modifiedAt: number;
  /** Unsigned; 0 when it was not computed. */
  readonly crc32: number;
  /** Address of the file's source; empty when the storage server does not know it. */
  readonly sourceHost: string;
}

const FLAG_SKIP_CRC32 = 1;
const FLAG_MISSING_EXPECTED = 2;
const WIDE_SIZE = 24 + ADDRESS_SIZE_IPV6;

/**
 * What the storage server knows of a file: the only way to learn the size of appender and slave
 * files.
 *
 * request   groupName[16] fileName:rest, and in the header's status byte flags:
 *           1 = no CRC-32, 2 = do not log a missing file
 * response  fileSize:int64 modifiedAt:int64 crc32:int64 address[16 or 46]
 *
 * The CRC-32 is sign-extended: only its low 32 bits count.
 */
export const queryFileInfo: Command<FileInfoRequest, FileInfo> = {
  name: 'QUERY_FILE_INFO',
  code: 22,
  headerStatusOf({ skipCrc32, isMissingExpected }) {
    return (skipCrc32 ? FLAG_SKIP_CRC32 : 0) | (isMissingExpected ? FLAG_MISSING_EXPECTED : 0);
  },
  encodeRequest: fileRequest.encodeRequest,
  decodeRequest(body, headerStatus = 0) {
    return {
      ...fileRequest.decodeRequest(body),
      skipCrc32: (headerStatus & FLAG_SKIP_CRC32) !== 0,
      isMissingExpected: (headerStatus & FLAG_MISSING_EXPECTED) !== 0,
    };
  },
  encodeResponse(info, { addressSize } = DEFAULT_RESPONSE_LAYOUT) {
    return new FieldWriter()
      .size(info.fileSize)
      .int64(info.modifiedAt)
      .int64(info.crc32 | 0)
      .text(info.sourceHost, addressSize)
      .toBuffer();
  },
  decodeResponse(body) {
    const addressSize = body.length === WIDE_SIZE ? ADDRESS_SIZE_IPV6 : ADDRESS_SIZE_IPV4;
    const fields = new FieldReader(body);
    const info = {
      fileSize: fields.size(),
      modifiedAt: fields.int64(),
      crc32: Number(BigInt.asUintN(32, fields.bigint64())),
      sourceHost: fields.text(addressSize),
    };
    fields.end();
    return info;
  },
};
