import type { BlobStore } from '../../blob-store/blob-store.ts';
import { malformed, readGivenId, type SourceLine } from './source-lines.ts';

/**
 * `1795211713 C M00/00/00/Ck0…jpg`, in lower case for what came from another storage server; `L` and
 * `R` name a second file, and changes of appender files where they are (storage_sync.c,
 * storage_binlog_write_ex).
 */
const LINE = /^(\d{1,12}) ([A-Za-z]) (\S+)(?: (\S.*))?$/;

/** Operations after which the file is there: create, append, modify, truncate, link, rename. */
const KEEPS = new Set(['C', 'A', 'M', 'T', 'L', 'R']);
const METADATA_SUFFIX = '-m';

/**
 * What a line of a storage server's change log (`data/sync/binlog.*`) says; its files are of that
 * group. A rename says two things.
 */
export function readBinlogLine(
  text: string,
  line: number,
  groupName: string,
  blobs: Pick<BlobStore, 'describeFile'>,
): readonly SourceLine[] {
  const found = LINE.exec(text);
  if (!found) return [malformed(line, 'it is no line of a binlog', text)];
  const [, seconds, letter = '', name = '', other] = found;
  const time = Number(seconds);
  const operation = letter.toUpperCase();
  if (operation === 'U' || name.endsWith(METADATA_SUFFIX)) {
    return [{ line, kind: 'passed-over', what: 'changes of metadata' }];
  }
  if (operation !== 'D' && !KEEPS.has(operation)) {
    return [malformed(line, `${letter} is no operation of a binlog`, text)];
  }
  const fileId = readGivenId(`${groupName}/${name}`, blobs);
  if (fileId === null) return [malformed(line, 'its file name is none', text)];
  const logged = { line, kind: 'logged', fileId, time, isThere: operation !== 'D' } as const;
  const before =
    operation === 'R' && other ? readGivenId(`${groupName}/${other.trim()}`, blobs) : null;
  if (before === null) return [logged];
  return [{ ...logged, fileId: before, isThere: false }, logged];
}
