import { ProtocolError } from '../fastdfs/protocol/errors.ts';
import { type FileIdParts, parseFileId } from '../fastdfs/protocol/file-id.ts';
import {
  decodeFileName,
  type FileKind,
  type FileSource,
} from '../fastdfs/protocol/file-name-fields.ts';
import { BlobStoreError, type FileDescription, type FilePiece } from './blob-store.ts';

/** What a file ID says about where its file is and what it holds. */
export interface FileIdFacts {
  readonly fileId: string;
  readonly file: FileIdParts;
  readonly source: FileSource;
  readonly kind: FileKind;
  /** Seconds since 1970 on the source's clock; of the master for a slave. */
  readonly timestamp: number;
  /**
   * Whether every copy holds the same bytes for ever. Appender files grow, and a slave can be
   * deleted and stored anew under its name: a replica of those may have old bytes.
   */
  readonly isImmutable: boolean;
  /** Bytes; null when the name does not tell. */
  readonly size: number | null;
  /** CRC-32 of the content, unsigned; null when the name does not tell. */
  readonly crc32: number | null;
}

/** Throws `BlobStoreError` ('not-found') for what no storage server has ever named. */
export function readFileId(fileId: string): FileIdFacts {
  try {
    const file = parseFileId(fileId);
    const { source, timestamp, kind, size, crc32 } = decodeFileName(file.fileName);
    const isImmutable = kind === 'normal' || kind === 'trunk';
    return { fileId, file, source, kind, timestamp, isImmutable, size, crc32 };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new BlobStoreError('not-found', error.message, { cause: error });
  }
}

/** As `readFileId`, in the words of the interface. */
export function describeFile(fileId: string): FileDescription {
  const { file, kind, timestamp, isImmutable, size, crc32 } = readFileId(fileId);
  const isKnown = isImmutable && size !== null && crc32 !== null;
  return {
    groupName: file.groupName,
    kind,
    storedAtMs: timestamp * 1000,
    content: isKnown ? { size, crc32 } : null,
  };
}

/**
 * Throws `BlobStoreError` ('corrupt') for a range that the file does not have: one beyond the end
 * costs the connection, and old storage servers never answer it.
 */
export function requireInside(facts: FileIdFacts, { offset, size }: FilePiece): void {
  const isRange = Number.isSafeInteger(offset) && offset >= 0 && size > 0;
  if (isRange && (facts.size === null || offset + size <= facts.size)) return;
  const problem = `${size} bytes at ${offset} are not inside of ${facts.fileId}`;
  throw new BlobStoreError('corrupt', problem);
}
