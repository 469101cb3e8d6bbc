import { ProtocolError } from '../fastdfs/protocol/errors.ts';
import { type FileIdParts, parseFileId } from '../fastdfs/protocol/file-id.ts';
import { decodeFileName, type FileSource } from '../fastdfs/protocol/file-name-fields.ts';
import { BlobStoreError } from './blob-store.ts';

/** What a file ID says about where its file is and how long it is. */
export interface FileIdFacts {
  readonly file: FileIdParts;
  readonly source: FileSource;
  /** Bytes; null when the name does not tell. */
  readonly size: number | null;
}

/** Throws `BlobStoreError` ('not-found') for what no storage server has ever named. */
export function readFileId(fileId: string): FileIdFacts {
  try {
    const file = parseFileId(fileId);
    const { source, size } = decodeFileName(file.fileName);
    return { file, source, size };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new BlobStoreError('not-found', error.message, { cause: error });
  }
}
