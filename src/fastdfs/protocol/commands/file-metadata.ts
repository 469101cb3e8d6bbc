import type { Command } from '../command.ts';
import {
  GROUP_NAME_SIZE,
  HEADER_SIZE,
  METADATA_NAME_SIZE_MAX,
  METADATA_REQUEST_SIZE_MAX,
  METADATA_VALUE_SIZE_MAX,
} from '../constants.ts';
import { decodeEmpty, encodeEmpty } from '../empty-body.ts';
import { ProtocolError } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { type FileIdParts, requireFileName, requireGroupName } from '../file-id.ts';
import { fileRequest, readFileName } from './file-request.ts';

/**
 * One pair of a file's metadata. Bytes, because FastDFS knows no character set: the pairs of an
 * existing cluster may be in any.
 */
export interface MetadataPair {
  readonly name: Buffer;
  readonly value: Buffer;
}

export interface SetMetadataRequest extends FileIdParts {
  /** Replace all pairs, or add to them by name. Overwriting with no pair removes all. */
  readonly mode: 'overwrite' | 'merge';
  /** Names distinct. */
  readonly metadata: readonly MetadataPair[];
}

const RECORD_SEPARATOR = 0x01;
const FIELD_SEPARATOR = 0x02;
const MODES = { overwrite: 'O', merge: 'M' } as const;
const FIXED_SIZE = 33;

/** Pairs from texts as UTF-8, which is what this project writes. */
export function metadataFromText(entries: Iterable<readonly [string, string]>): MetadataPair[] {
  return Array.from(entries, ([name, value]) => ({
    name: Buffer.from(name, 'utf8'),
    value: Buffer.from(value, 'utf8'),
  }));
}

/**
 * pairs  name 0x02 value, joined by 0x01
 *
 * Throws `ProtocolError` for what a storage server would not refuse but cut or garble: names above
 * 64 or values above 256 bytes, separators and NUL inside, empty or repeated names.
 */
export function encodeMetadata(metadata: readonly MetadataPair[]): Buffer {
  requireSendable(metadata);
  const fields = new FieldWriter();
  for (const [index, { name, value }] of metadata.entries()) {
    if (index > 0) fields.uint8(RECORD_SEPARATOR);
    fields.bytes(name).uint8(FIELD_SEPARATOR).bytes(value);
  }
  return fields.toBuffer();
}

/** Throws `ProtocolError` for a record without separator or name; does not look at the limits. */
export function decodeMetadata(bytes: Buffer): MetadataPair[] {
  const pairs: MetadataPair[] = [];
  for (let start = 0; bytes.length > 0 && start <= bytes.length; ) {
    const next = bytes.indexOf(RECORD_SEPARATOR, start);
    const record = bytes.subarray(start, next === -1 ? bytes.length : next);
    const separator = record.indexOf(FIELD_SEPARATOR);
    if (separator < 1) throw new ProtocolError('metadata record without a name');
    pairs.push({ name: record.subarray(0, separator), value: record.subarray(separator + 1) });
    start += record.length + 1;
  }
  return pairs;
}

function requireSendable(metadata: readonly MetadataPair[]): void {
  const names = new Set<string>();
  for (const { name, value } of metadata) {
    if (name.length === 0 || name.length > METADATA_NAME_SIZE_MAX) {
      throw new ProtocolError(`metadata name of ${name.length} bytes`);
    }
    if (value.length > METADATA_VALUE_SIZE_MAX) {
      throw new ProtocolError(`metadata value of ${value.length} bytes`);
    }
    if (hasSeparator(name) || hasSeparator(value)) {
      throw new ProtocolError('metadata with a NUL or separator byte inside');
    }
    names.add(name.toString('latin1'));
  }
  if (names.size < metadata.length) throw new ProtocolError('metadata name given twice');
}

function hasSeparator(bytes: Buffer): boolean {
  return bytes.includes(0) || bytes.includes(RECORD_SEPARATOR) || bytes.includes(FIELD_SEPARATOR);
}

/**
 * Sets a file's metadata.
 *
 * request   fileNameLength:int64 metadataLength:int64 mode[1] groupName[16] fileName metadata
 * response  empty
 */
export const setMetadata: Command<SetMetadataRequest, void> = {
  name: 'SET_METADATA',
  code: 13,
  encodeRequest({ groupName, fileName, mode, metadata }) {
    requireGroupName(groupName);
    requireFileName(fileName);
    const pairs = encodeMetadata(metadata);
    const size = HEADER_SIZE + FIXED_SIZE + fileName.length + pairs.length;
    if (size > METADATA_REQUEST_SIZE_MAX) {
      throw new ProtocolError(`metadata request of ${size} bytes`);
    }
    return new FieldWriter()
      .size(fileName.length)
      .size(pairs.length)
      .text(MODES[mode], 1)
      .text(groupName, GROUP_NAME_SIZE)
      .plainText(fileName)
      .bytes(pairs)
      .toBuffer();
  },
  decodeRequest(body) {
    const fields = new FieldReader(body);
    const nameLength = fields.size();
    const metadataLength = fields.size();
    const mode = decodeMode(fields.text(1));
    const groupName = fields.text(GROUP_NAME_SIZE);
    const fileName = readFileName(fields, nameLength);
    const metadata = decodeMetadata(fields.bytes(metadataLength));
    fields.end();
    requireSendable(metadata);
    return { groupName, fileName, mode, metadata };
  },
  encodeResponse: encodeEmpty,
  decodeResponse: decodeEmpty,
};

function decodeMode(flag: string): SetMetadataRequest['mode'] {
  if (flag === MODES.overwrite) return 'overwrite';
  if (flag === MODES.merge) return 'merge';
  throw new ProtocolError(`metadata mode ${JSON.stringify(flag)}`);
}

/**
 * Reads a file's metadata, sorted by name. Status 2: no such file, or a file without metadata.
 *
 * request   groupName[16] fileName:rest
 * response  metadata:rest
 */
export const getMetadata: Command<FileIdParts, readonly MetadataPair[]> = {
  name: 'GET_METADATA',
  code: 15,
  ...fileRequest,
  encodeResponse: encodeMetadata,
  decodeResponse: decodeMetadata,
};
