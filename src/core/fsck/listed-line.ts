import { type BlobStore, BlobStoreError } from '../../blob-store/blob-store.ts';

/**
 * Files of a data directory that are none that a gateway stored:
 *
 * - `server`: what a storage server keeps for itself (state, change logs, marks of a recovery).
 * - `metadata`: pairs of names and values of another file, which go with it.
 * - `trunk-container`: holds many small files; those are not told by a listing.
 * - `slave`, `appender`: gateways store neither.
 * - `temporary`: being fetched from another storage server.
 */
export const passedOverKinds = [
  'server',
  'metadata',
  'trunk-container',
  'slave',
  'appender',
  'temporary',
] as const;
export type PassedOverKind = (typeof passedOverKinds)[number];

/**
 * - `file`: one that a gateway may have stored.
 * - `unplaced`: a path, and nobody said of which group and store path.
 * - `unknown`: nothing that is found in a data directory.
 */
export type ListedLine =
  | {
      readonly kind: 'file';
      readonly fileId: string;
      /** Group and store path, `group1/M00`. */
      readonly place: string;
      readonly storedAtMs: number;
      readonly size: number;
    }
  | { readonly kind: 'slave' | 'appender'; readonly fileId: string }
  | { readonly kind: Exclude<PassedOverKind, 'slave' | 'appender'> | 'unplaced' | 'unknown' };

/** Where the paths of a listing are; null where each line says it by itself. */
export interface ListingPlace {
  readonly groupName: string;
  /** 0 to 255. */
  readonly storePathIndex: number;
}

const PLACED = /^([A-Za-z0-9]{1,16}\/M[0-9A-F]{2})\/(.+)$/;
/** Everything up to the last `data/`, or the `./` of a `find` that ran inside of it. */
const UP_TO_DATA = /^(?:(?:.*\/)?data\/|\.\/)/;
const STORED = /^[0-9A-F]{2}\/[0-9A-F]{2}\/([^/]+)$/;
/** trunk_shared.c: a number of six digits, more when they are used up. */
const TRUNK_CONTAINER = /^\d{6,10}$/;
const METADATA_SUFFIX = '-m';
/** storage_disk_recovery.c, for a file that is there already. */
const RECOVERY_SUFFIX = '.recovery.tmp';
/**
 * Names in a data directory as storage_func.c, storage_sync.c, storage_disk_recovery.c, trunk_mem.c,
 * trunk_sync.c and fdfs_storaged.c give them.
 */
const SERVERS_OWN = [
  /^(?:fdfs_storaged\.pid|storage_stat\.dat|\.data_init_flag|\.fastdfs_vars)$/,
  /^\.?storage_trunk\.dat(?:\.tmp)?$/,
  /^\.(?:binlog\.recovery|recovery\.(?:flag|mark))/,
  /^(?:sync|trunk)\//,
];

/**
 * Reads one line of a listing: a path below a data directory as `find data -type f` prints it from
 * whatever place, or a file ID (`group1/M00/00/00/…`). What it cannot read it does not guess at.
 */
export function readListedLine(
  line: string,
  listing: ListingPlace | null,
  blobs: Pick<BlobStore, 'describeFile'>,
): ListedLine {
  const placed = PLACED.exec(line);
  const path = placed?.[2] ?? line.replace(UP_TO_DATA, '');
  if (SERVERS_OWN.some((name) => name.test(path))) return { kind: 'server' };
  const name = STORED.exec(path)?.[1];
  if (name === undefined) return { kind: 'unknown' };
  if (TRUNK_CONTAINER.test(name)) return { kind: 'trunk-container' };
  const place = placed?.[1] ?? (listing && renderPlace(listing));
  if (place === null) return { kind: 'unplaced' };
  const describe = (path: string) => describeListed(`${place}/${path}`, place, blobs);
  if (path.endsWith(RECOVERY_SUFFIX)) {
    return describe(path.slice(0, -RECOVERY_SUFFIX.length)).kind === 'unknown'
      ? { kind: 'unknown' }
      : { kind: 'temporary' };
  }
  if (path.endsWith(METADATA_SUFFIX)) {
    return describe(path.slice(0, -METADATA_SUFFIX.length)).kind === 'unknown'
      ? { kind: 'unknown' }
      : { kind: 'metadata' };
  }
  return describe(path);
}

function describeListed(
  fileId: string,
  place: string,
  blobs: Pick<BlobStore, 'describeFile'>,
): ListedLine {
  try {
    const { kind, storedAtMs, content } = blobs.describeFile(fileId);
    if (kind === 'slave' || kind === 'appender') return { kind, fileId };
    return { kind: 'file', fileId, place, storedAtMs, size: content?.size ?? 0 };
  } catch (error) {
    if (error instanceof BlobStoreError) return { kind: 'unknown' };
    throw error;
  }
}

function renderPlace({ groupName, storePathIndex }: ListingPlace): string {
  return `${groupName}/M${storePathIndex.toString(16).toUpperCase().padStart(2, '0')}`;
}
