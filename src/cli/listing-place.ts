import type { ListingPlace } from '../core/fsck/listed-line.ts';
import { UsageError } from './failures.ts';

const STORE_PATH_INDEX_MAX = 255;

interface PlaceOptions {
  readonly group?: string;
  readonly storePath?: string;
}

/** Where the paths of a listing are, as options say; null when they do not. Throws `UsageError`. */
export function readPlace({ group, storePath }: PlaceOptions): ListingPlace | null {
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
