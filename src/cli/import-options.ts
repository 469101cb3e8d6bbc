import { z } from 'zod';
import { defaultTemplate, KeyTemplate } from '../core/import/key-template.ts';
import { Pace } from '../core/pace.ts';
import type { CoreServices } from '../core/services.ts';
import { parseSize } from '../support/units.ts';
import { UsageError } from './failures.ts';
import { readPlace } from './listing-place.ts';

const sourceFormats = ['list', 'csv', 'jsonl', 'binlog'] as const;
export type SourceFormat = (typeof sourceFormats)[number];

export interface ImportCommandOptions {
  readonly format?: string;
  readonly group?: string;
  readonly storePath?: string;
  readonly key?: string;
  readonly prefix?: string;
  readonly owner?: string;
  readonly onConflict?: string;
  readonly check?: boolean;
  readonly md5?: boolean;
  readonly writtenElsewhere?: boolean;
  readonly concurrency?: string;
  readonly rate?: string;
  readonly bandwidth?: string;
  readonly dryRun?: boolean;
  readonly restart?: boolean;
  readonly problems?: string;
}

const CONCURRENCY_DEFAULT = 16;
const CONCURRENCY_MAX = 256;
const RATE_MAX = 1_000_000;
/** Faster than any network: no limit. */
const UNLIMITED = 1e12;

/** Throws `UsageError`. */
export function readImportOptions(
  options: ImportCommandOptions,
  sources: readonly string[],
  blobs: CoreServices['blobs'],
) {
  const formats = sources.map((path) => formatOf(path, options.format));
  const isBinlog = formats.includes('binlog');
  if (isBinlog && options.group === undefined) {
    throw new UsageError('A binlog does not say which group it is of: add --group.');
  }
  const isListing = formats.includes('list') && options.storePath !== undefined;
  if (options.problems !== undefined && sources.includes(options.problems)) {
    throw new UsageError('--problems must be another file than the source.');
  }
  return {
    formats,
    groupName: options.group ?? null,
    place: isListing ? readPlace(options) : null,
    keyOf: keyMaker(options, blobs),
    prefix: options.prefix ?? '',
    conflicts: choice('--on-conflict', options.onConflict ?? 'skip', conflictPolicies),
    checks: options.check ?? false,
    readsMd5: options.md5 ?? false,
    isForeign: options.writtenElsewhere ?? false,
    isDryRun: options.dryRun ?? false,
    concurrencyMax: wholeNumber('--concurrency', options.concurrency, CONCURRENCY_DEFAULT),
    questionPace: new Pace(rateOf(options.rate)),
    bytePace: new Pace(bandwidthOf(options.bandwidth)),
  };
}

const conflictPolicies = ['skip', 'overwrite', 'fail'] as const;

function choice<Value extends string>(name: string, text: string, values: readonly Value[]): Value {
  const read = z.enum(values).safeParse(text);
  if (read.success) return read.data as Value;
  throw new UsageError(`${name} must be one of ${values.join(', ')}.`);
}

/** As it is told, or by the file's name. */
function formatOf(path: string, told: string | undefined): SourceFormat {
  if (told !== undefined) return choice('--format', told, sourceFormats);
  const name = path.replace(/\.gz$/, '');
  if (name.endsWith('.csv')) return 'csv';
  if (/\.(?:jsonl|ndjson)$/.test(name)) return 'jsonl';
  return /(?:^|\/)binlog\.\d+$/.test(name) ? 'binlog' : 'list';
}

function keyMaker(
  { key = defaultTemplate, prefix = '' }: ImportCommandOptions,
  blobs: CoreServices['blobs'],
): (fileId: string) => string {
  try {
    const template = new KeyTemplate(key, blobs);
    return (fileId) => prefix + template.keyOf(fileId);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`--key ${key}: ${error.message}.`);
  }
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= CONCURRENCY_MAX) return value;
  throw new UsageError(`${name} must be a number from 1 to ${CONCURRENCY_MAX}.`);
}

function rateOf(text: string | undefined): number {
  if (text === undefined) return UNLIMITED;
  const rate = Number(text);
  if (rate > 0 && rate <= RATE_MAX) return rate;
  throw new UsageError(`--rate must be a number of files per second, up to ${RATE_MAX}.`);
}

function bandwidthOf(text: string | undefined): number {
  if (text === undefined) return UNLIMITED;
  const bytes = parseSize(text);
  if (bytes !== null && bytes > 0) return bytes;
  throw new UsageError('--bandwidth must be a size per second, such as 50MiB.');
}
