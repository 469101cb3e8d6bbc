import { NAME_TAIL_LENGTH, NAME_TRUNK_LENGTH } from './constants.ts';
import { ProtocolError } from './errors.ts';
import { FieldReader, FieldWriter } from './fields.ts';
import {
  extensionOf,
  isExtension,
  isOwnName,
  splitFileName,
  storePathIndexOf,
  trunkPartOf,
} from './file-id.ts';

/** Bits of the size field. */
const SMALL_BIT = 1n << 63n;
const TRUNK_BIT = 1n << 59n;
const APPENDER_BIT = 1n << 58n;
const LOW_32_BITS = 0xffff_ffffn;
/** Sizes from here on stand in the size field as they are, without flag or random bits. */
const LARGE_SIZE = 2 ** 32;
/** Bits 32 to 54 of a small size field are random. */
const RANDOM_BITS = 23;
/** Four source bytes up to this, read as a little-endian number, are a storage id. */
const STORAGE_ID_MAX = 16_777_215;

/**
 * - `normal`: a file of its own, uploaded whole.
 * - `trunk`: the same, kept inside a trunk file.
 * - `appender`: can grow; its name tells neither size nor CRC-32.
 * - `slave`: named after its master, whose size and CRC-32 the name tells.
 */
export type FileKind = 'normal' | 'trunk' | 'appender' | 'slave';

/** Who took the upload: an address, or an id where names hold storage ids. */
export type FileSource = { readonly host: string } | { readonly storageId: number };

interface TrunkSlot {
  readonly trunkFileNumber: number;
  readonly offset: number;
  /** Bytes set aside, the trunk header of 24 bytes included. */
  readonly allocatedSize: number;
}

export interface FileNameFields {
  readonly storePathIndex: number;
  /** The two directory levels, 0 to 255 each. */
  readonly directories: readonly [number, number];
  readonly source: FileSource;
  /** Seconds since 1970 on the storage server's clock; of the master for a slave. */
  readonly timestamp: number;
  /** The 64 bits that hold size and flags, as they are. */
  readonly sizeField: bigint;
  /** CRC-32 in the name: of the first content for an appender file, of the master for a slave. */
  readonly nameCrc32: number;
  readonly kind: FileKind;
  /** Whether the appender bit is set; also for the slave of an appender file. */
  readonly isAppender: boolean;
  /** Bytes; null when the name does not tell and the storage server must be asked. */
  readonly size: number | null;
  /** CRC-32 of the content, unsigned; null when the name does not tell. */
  readonly crc32: number | null;
  /** Null for everything outside of trunk files. */
  readonly trunkSlot: TrunkSlot | null;
  readonly extension: string;
}

/**
 * Decodes all that a file name (without group) tells. Throws `ProtocolError` when it is not one.
 *
 * name  M storePath:hex2 / hex2 / hex2 / base64url( source[4] timestamp:int32 size:int64 crc32[4] )
 *       base64url( trunkFile:int32 offset:int32 size:int32 ) in trunk files only; then 7 characters
 *
 * A slave is told by its length alone, so one with a prefix of digits that makes exactly 44
 * characters (60 in trunk files) passes as its master; whoever makes slaves gives them an
 * extension or a longer prefix.
 */
export function decodeFileName(fileName: string): FileNameFields {
  const { encoded, rest } = splitFileName(fileName);
  const fields = new FieldReader(Buffer.from(encoded, 'base64url'));
  const source = decodeSource(fields.bytes(4));
  const timestamp = fields.int32();
  const sizeField = BigInt.asUintN(64, fields.bigint64());
  const nameCrc32 = fields.bytes(4).readUInt32BE();
  const isAppender = (sizeField & APPENDER_BIT) !== 0n;
  const isInTrunk = !isAppender && (sizeField & TRUNK_BIT) !== 0n;
  const kind = kindOf(fileName, isAppender, isInTrunk);
  const isSized = kind === 'normal' || kind === 'trunk';
  return {
    storePathIndex: storePathIndexOf(fileName),
    directories: [
      Number.parseInt(fileName.slice(4, 6), 16),
      Number.parseInt(fileName.slice(7, 9), 16),
    ],
    source,
    timestamp,
    sizeField,
    nameCrc32,
    kind,
    isAppender,
    size: isSized ? sizeOf(sizeField) : null,
    crc32: isSized ? nameCrc32 : null,
    trunkSlot: kind === 'trunk' ? decodeTrunkSlot(rest) : null,
    extension: extensionOf(fileName),
  };
}

function kindOf(fileName: string, isAppender: boolean, isInTrunk: boolean): FileKind {
  if (!isOwnName(fileName, isInTrunk)) return 'slave';
  if (isAppender) return 'appender';
  return isInTrunk ? 'trunk' : 'normal';
}

function decodeSource(bytes: Buffer): FileSource {
  const storageId = bytes.readUInt32LE();
  return storageId >= 1 && storageId <= STORAGE_ID_MAX
    ? { storageId }
    : { host: [...bytes].join('.') };
}

function sizeOf(sizeField: bigint): number | null {
  if ((sizeField & (SMALL_BIT | TRUNK_BIT)) !== 0n) return Number(sizeField & LOW_32_BITS);
  // Beyond 2^53 no file exists; a made-up name is answered by the storage server.
  const size = Number(sizeField);
  return Number.isSafeInteger(size) ? size : null;
}

function decodeTrunkSlot(rest: string): TrunkSlot {
  const fields = new FieldReader(Buffer.from(trunkPartOf(rest), 'base64url'));
  return {
    trunkFileNumber: fields.int32(),
    offset: fields.int32(),
    allocatedSize: fields.int32(),
  };
}

/** What a storage server knows when it names a file. */
export interface NewFileName {
  readonly storePathIndex: number;
  readonly directories: readonly [number, number];
  readonly source: FileSource;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Bytes; ignored for appender files, whose names do not tell it. */
  readonly size: number;
  readonly crc32: number;
  readonly isAppender: boolean;
  /** Without dot; at most 6 characters. */
  readonly extension: string;
  /** At least 30 random bits; they keep names of equal files apart. */
  readonly random: { readonly sizeBits: number; readonly tailDigits: number };
  readonly trunkSlot?: TrunkSlot | null;
}

/** Names a file as a 6.16 storage server does. Throws `ProtocolError` for values out of range. */
export function encodeFileName(name: NewFileName): string {
  if (!isExtension(name.extension)) throw new ProtocolError(`not an extension: ${name.extension}`);
  if (!(name.crc32 >= 0 && name.crc32 <= 0xffff_ffff)) {
    throw new ProtocolError(`not a CRC-32: ${name.crc32}`);
  }
  const encoded = new FieldWriter()
    .bytes(encodeSource(name.source))
    .int32(name.timestamp)
    .bigint64(BigInt.asIntN(64, encodeSizeField(name)))
    .int32(name.crc32 | 0)
    .toBuffer()
    .toString('base64url');
  const [high, low] = name.directories;
  const trunk = name.trunkSlot ? encodeTrunkSlot(name.trunkSlot) : '';
  const path = `M${hex2(name.storePathIndex)}/${hex2(high)}/${hex2(low)}/`;
  return path + encoded + trunk + encodeTail(name.extension, name.random.tailDigits);
}

function encodeSizeField({ size, isAppender, random, trunkSlot }: NewFileName): bigint {
  if (!Number.isSafeInteger(size) || size < 0) throw new ProtocolError(`not a size: ${size}`);
  const randomBits = BigInt.asUintN(RANDOM_BITS, BigInt(random.sizeBits)) << 32n;
  if (isAppender) return SMALL_BIT | APPENDER_BIT | randomBits;
  if (size >= LARGE_SIZE) return BigInt(size);
  return SMALL_BIT | (trunkSlot ? TRUNK_BIT : 0n) | randomBits | BigInt(size);
}

function encodeSource(source: FileSource): Buffer {
  const bytes = Buffer.alloc(4);
  if ('storageId' in source) {
    if (!(source.storageId >= 1 && source.storageId <= STORAGE_ID_MAX)) {
      throw new ProtocolError(`storage id in file names is 1 to ${STORAGE_ID_MAX}`);
    }
    bytes.writeUInt32LE(source.storageId);
    return bytes;
  }
  const numbers = source.host.split('.').map(Number);
  if (numbers.length !== 4 || !numbers.every((n) => Number.isInteger(n) && n >= 0 && n <= 255)) {
    throw new ProtocolError(`file names hold IPv4 addresses or storage ids, not ${source.host}`);
  }
  return Buffer.from(numbers);
}

function encodeTrunkSlot({ trunkFileNumber, offset, allocatedSize }: TrunkSlot): string {
  const fields = new FieldWriter().int32(trunkFileNumber).int32(offset).int32(allocatedSize);
  const text = fields.toBuffer().toString('base64url');
  if (text.length !== NAME_TRUNK_LENGTH) throw new ProtocolError('trunk part of another length');
  return text;
}

/** Seven digits, or as many as a dot and the extension leave. */
function encodeTail(extension: string, digits: number): string {
  const suffix = extension === '' ? '' : `.${extension}`;
  const count = NAME_TAIL_LENGTH - suffix.length;
  const text = String(Math.abs(Math.trunc(digits)) % 10 ** count).padStart(count, '0');
  return (count === 0 ? '' : text) + suffix;
}

function hex2(value: number): string {
  if (!Number.isInteger(value) || value < 0 || value > 0xff) {
    throw new ProtocolError(`not a byte: ${value}`);
  }
  return value.toString(16).toUpperCase().padStart(2, '0');
}
