import type { BlobStore } from '../../blob-store/blob-store.ts';
import { malformed, readGivenId, type SourceLine } from './source-lines.ts';

const HEADER_KEY = /^\ufeff?key$/i;
const HEADER_FILE_ID = /^file[ _-]?id$/i;
/** What bytes that are no UTF-8 become. */
const REPLACEMENT = '\ufffd';

/** A record `key,file ID`; null for a heading. Further columns are not read. */
export function readCsvRecord(
  fields: readonly string[],
  line: number,
  blobs: Pick<BlobStore, 'describeFile'>,
): SourceLine | null {
  const [key = '', given] = fields;
  const text = fields.join(',');
  if (given === undefined) return malformed(line, 'it has one column: key,file ID is wanted', text);
  if (HEADER_KEY.test(key) && HEADER_FILE_ID.test(given)) return null;
  if (key === '') return malformed(line, 'it has no key', text);
  if (key.includes(REPLACEMENT)) return malformed(line, 'its key is no UTF-8', text);
  const fileId = readGivenId(given, blobs);
  if (fileId === null) return malformed(line, 'its second column is no file ID', text);
  return { line, kind: 'row', key, fileIds: [fileId], detail: null };
}
