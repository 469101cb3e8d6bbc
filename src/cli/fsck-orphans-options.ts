import type { ListingPlace } from '../core/fsck/listed-line.ts';
import { orphanAgeMsMin } from '../core/write-duration.ts';
import { parseDuration, renderDuration } from '../support/units.ts';
import { UsageError } from './failures.ts';
import { readPlace } from './listing-place.ts';

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

function readAge(text: string | undefined): number {
  if (text === undefined) return AGE_MS_DEFAULT;
  const ms = parseDuration(text);
  if (ms !== null && ms >= orphanAgeMsMin) return ms;
  const least = renderDuration(orphanAgeMsMin);
  throw new UsageError(`--older-than must be a duration of ${least} or more, such as 2d.`);
}
