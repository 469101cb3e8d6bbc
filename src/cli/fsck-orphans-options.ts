import type { ListingPlace } from '../core/fsck/listed-line.ts';
import { orphanAgeMsMin } from '../core/write-duration.ts';
import { parseDuration, renderDuration } from '../support/units.ts';
import { UsageError } from './failures.ts';

export interface FsckOrphansOptions {
  readonly orphans: readonly string[];
  readonly group?: string;
  readonly storePath?: string;
  readonly olderThan?: string;
  readonly out?: string;
  readonly repair?: boolean;
  readonly onlyThisGateway?: boolean;
  readonly evenAfterRestore?: boolean;
}

export interface OrphansRequest {
  /** Listings; `-` is standard input. */
  readonly listings: readonly string[];
  readonly place: ListingPlace | null;
  readonly ageMsMin: number;
  /** File for the orphans' IDs. */
  readonly out: string | null;
  readonly repairs: boolean;
  /** Also when orphans are from before a restore of the index. */
  readonly repairsAfterRestore: boolean;
}

const AGE_MS_DEFAULT = 86_400_000;
const STORE_PATH_INDEX_MAX = 255;

/** Throws `UsageError`. */
export function readOrphansOptions(options: FsckOrphansOptions): OrphansRequest {
  const repairs = options.repair ?? false;
  if (repairs && !options.onlyThisGateway) {
    throw new UsageError(
      '--repair deletes every file of the listing that this index does not know, also files of ' +
        'other applications, of other gateways, and what was written after the backup that an ' +
        'index was restored from. When there are none of these, add --only-this-gateway.',
    );
  }
  return {
    listings: options.orphans,
    place: readPlace(options),
    ageMsMin: readAge(options.olderThan),
    out: options.out ?? null,
    repairs,
    repairsAfterRestore: options.evenAfterRestore ?? false,
  };
}

function readPlace({ group, storePath }: FsckOrphansOptions): ListingPlace | null {
  if (group === undefined && storePath === undefined) return null;
  if (group === undefined || storePath === undefined) {
    throw new UsageError('--group and --store-path say together where the paths are.');
  }
  if (!/^[A-Za-z0-9]{1,16}$/.test(group)) {
    throw new UsageError('--group must be the name of a FastDFS group, such as group1.');
  }
  const storePathIndex = /^\d{1,3}$/.test(storePath) ? Number(storePath) : Number.NaN;
  if (!(storePathIndex <= STORE_PATH_INDEX_MAX)) {
    throw new UsageError('--store-path must be a number: 0 for store_path0, 1 for store_path1 …');
  }
  return { groupName: group, storePathIndex };
}

function readAge(text: string | undefined): number {
  if (text === undefined) return AGE_MS_DEFAULT;
  const ms = parseDuration(text);
  if (ms !== null && ms >= orphanAgeMsMin) return ms;
  const least = renderDuration(orphanAgeMsMin);
  throw new UsageError(`--older-than must be a duration of ${least} or more, such as 2d.`);
}
