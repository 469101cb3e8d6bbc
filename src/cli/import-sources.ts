import { parse } from 'csv-parse';
import type { ListingPlace } from '../core/fsck/listed-line.ts';
import { readBinlogLine } from '../core/import/binlog-lines.ts';
import { readCsvRecord } from '../core/import/csv-lines.ts';
import { readExportedLine } from '../core/import/exported-object.ts';
import { readListLine } from '../core/import/listing-lines.ts';
import { malformed, type SourceLine } from '../core/import/source-lines.ts';
import type { CoreServices } from '../core/services.ts';
import { UsageError } from './failures.ts';
import type { SourceFormat } from './import-options.ts';
import { openSource, readListing } from './listing-lines.ts';

export interface SourceOptions {
  readonly format: SourceFormat;
  /** Where the paths of a listing are. */
  readonly place: ListingPlace | null;
  /** Of a binlog's files. */
  readonly groupName: string | null;
}

/** An exported object of 640 GiB has ten thousand segments, of 100 bytes each. */
const JSON_LENGTH_MAX = 64 * 1024 * 1024;
const CSV_RECORD_SIZE_MAX = 64 * 1024;
const LINES_PER_BATCH = 1_000;

/**
 * What the lines of a source say, some at a time, in memory that is bounded. `onBytes` is told of
 * bytes that were read. Throws `UsageError` for a source that cannot be read.
 */
export async function* readSource(
  path: string,
  options: SourceOptions,
  blobs: CoreServices['blobs'],
  onBytes: (count: number) => void,
): AsyncGenerator<readonly SourceLine[], void, void> {
  if (options.format === 'csv') {
    yield* readCsv(path, blobs, onBytes);
    return;
  }
  let number = 0;
  const lengthMax = options.format === 'jsonl' ? JSON_LENGTH_MAX : undefined;
  for await (const texts of readListing(path, onBytes, lengthMax)) {
    const lines: SourceLine[] = [];
    for (const text of texts) {
      number += 1;
      if (text !== '') lines.push(...readLine(text, number, options, blobs));
    }
    yield lines;
  }
}

function readLine(
  text: string,
  line: number,
  { format, place, groupName }: SourceOptions,
  blobs: CoreServices['blobs'],
): readonly SourceLine[] {
  if (format === 'binlog') return readBinlogLine(text, line, groupName ?? '', blobs);
  if (format === 'jsonl') return [readExportedLine(text, line, blobs)];
  const listed = readListLine(text, line, place, blobs);
  return listed === null ? [] : [listed];
}

/** RFC 4180; a record that breaks its rules is passed over, and told. */
async function* readCsv(
  path: string,
  blobs: CoreServices['blobs'],
  onBytes: (count: number) => void,
): AsyncGenerator<readonly SourceLine[], void, void> {
  let lines: SourceLine[] = [];
  const parser = parse({
    bom: true,
    info: true,
    max_record_size: CSV_RECORD_SIZE_MAX,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error) lines.push(malformed(Number(error.lines ?? 0), error.message, ''));
      return undefined;
    },
  });
  const source = openSource(path, onBytes);
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      const read = readCsvRecord(record, info.lines, blobs);
      if (read) lines.push(read);
      if (lines.length < LINES_PER_BATCH) continue;
      yield lines;
      lines = [];
    }
  } catch (error) {
    throw new UsageError(`The CSV ${path} cannot be read: ${(error as Error).message}.`);
  }
  yield lines;
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}
