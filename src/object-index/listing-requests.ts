import type { ChecksumAlgorithm, ChecksumType, KodoAttributes, ObjectRecord } from './records.ts';

export interface ListObjectsRequest {
  readonly bucketId: number;
  readonly prefix: string;
  /** Empty for none; any length. */
  readonly delimiter: string;
  /**
   * Only what sorts after this is listed. A common prefix that it equals or starts with does not,
   * and is passed over whole.
   */
  readonly after: string;
  /** Goes on where the page before had to stop; counts before `after`. */
  readonly resumeAfter?: string | null;
  /** Objects and common prefixes together, 0 to 1000. */
  readonly limit: number;
  /** Kodo's empty key, which S3 knows nothing of, sorts before all others. */
  readonly includesEmptyKey?: boolean;
  /** Whether `details` are wanted. */
  readonly hasDetails?: boolean;
}

/** What Kodo's listings tell and S3's do not. */
interface ListedDetails {
  readonly objectId: number;
  /** Null where none was given. */
  readonly contentType: string | null;
  readonly qetag: string | null;
  readonly expiresAtMs: number | null;
  readonly kodo: KodoAttributes | null;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly ownerId: string;
  readonly storageClass: string | null;
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
  readonly checksumType: ChecksumType | null;
  /** Where they were asked for. */
  readonly details?: ListedDetails;
}

export interface ListObjectsPage {
  /** In the order of their keys' UTF-8 bytes. */
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  /**
   * `after` of the next page when more may follow: the last key or common prefix returned, unless
   * the page had to stop.
   */
  readonly nextAfter: string | null;
  /**
   * Not null when the page stopped after many keys that are deleted, before its limit. `nextAfter`
   * is the same key, or null when it lies in a common prefix that `after` would pass over.
   */
  readonly resumeAfter: string | null;
}

export interface ListVersionsRequest {
  readonly bucketId: number;
  readonly prefix: string;
  readonly delimiter: string;
  /** As `after` of ListObjectsRequest. */
  readonly keyMarker: string;
  /**
   * Not empty: versions of that very key are listed too, those below that version, which may be
   * gone by now.
   */
  readonly versionIdMarker: string;
  /** Versions and common prefixes together, 0 to 1000. */
  readonly limit: number;
}

/** Size, ETag and checksum of a delete marker say nothing. */
export interface ListedVersion extends ListedObject {
  /** `null` for the null version. */
  readonly versionId: string;
  readonly isDeleteMarker: boolean;
  /** Whether it is the newest of its key. */
  readonly isLatest: boolean;
}

export interface ListVersionsPage {
  /** In the order of their keys' UTF-8 bytes, those of one key newest first. */
  readonly versions: readonly ListedVersion[];
  readonly commonPrefixes: readonly string[];
  readonly next: { readonly keyMarker: string; readonly versionIdMarker: string } | null;
}

export interface ListCurrentObjectsRequest {
  readonly bucketId: number;
  readonly prefix: string;
  /** Only keys behind this one. */
  readonly after: string;
  /** Rows that one page looks at; it may hold fewer objects, or none. */
  readonly limit: number;
}

export interface CurrentObjectsPage {
  readonly objects: readonly ObjectRecord[];
  /** `after` of the next page; null when there is none. */
  readonly nextAfter: string | null;
}
