import type { BlobStore } from '../../blob-store/blob-store.ts';
import { type ListingPlace, readListedLine } from '../fsck/listed-line.ts';
import { malformed, readGivenId, type SourceLine } from './source-lines.ts';

const PASSED_OVER = {
  server: "storage servers' own files",
  metadata: 'metadata files',
  'trunk-container': 'trunk files, whose contents a listing does not tell',
  temporary: 'files of a recovery',
} as const;

/** A file ID or URL, or a path as `find data -type f` prints it; null for an empty line. */
export function readListLine(
  text: string,
  line: number,
  place: ListingPlace | null,
  blobs: Pick<BlobStore, 'describeFile'>,
): SourceLine | null {
  if (text.trim() === '') return null;
  const row = (fileId: string): SourceLine => ({
    ...{ line, kind: 'row', key: null, fileIds: [fileId], detail: null },
  });
  const listed = readListedLine(text, place, blobs);
  switch (listed.kind) {
    case 'file':
    case 'slave':
    case 'appender':
      return row(listed.fileId);
    case 'unplaced':
    case 'unknown': {
      const given = readGivenId(text, blobs);
      if (given !== null) return row(given);
      const problem =
        listed.kind === 'unknown'
          ? 'it is neither a file ID nor a path of a data directory'
          : 'it does not say its group and store path: add --group and --store-path';
      return malformed(line, problem, text);
    }
    default:
      return { line, kind: 'passed-over', what: PASSED_OVER[listed.kind] };
  }
}
