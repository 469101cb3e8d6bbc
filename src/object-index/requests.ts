import type {
  Checksum,
  ChecksumAlgorithm,
  ChecksumType,
  FileReference,
  KodoAttributes,
  ObjectDescription,
  ObjectRecord,
  ObjectSubresources,
  Part,
  Retention,
  SegmentContent,
  Upload,
} from './records.ts';

/** What a write demands of the key as it is when the transaction runs (RFC 9110, section 13). */
export interface WriteCondition {
  /** ETags without quotes, or `*`: one of them must be the current object's. */
  readonly ifMatch?: readonly string[];
  /** ETags without quotes, or `*`: none of them may be the current object's. */
  readonly ifNoneMatch?: readonly string[];
  /**
   * Kodo's hash of what is to be written: where the current object has that already, nothing is
   * written and no other demand counts.
   */
  readonly unlessQetag?: string;
  /** Nothing at all may be under the key: a delete marker counts, too. */
  readonly ifUnwritten?: boolean;
}

/** What a deletion demands of the object under the key, if there is one. */
export interface DeleteCondition {
  /** ETags without quotes, or `*`: one of them must be the object's. */
  readonly ifMatch?: readonly string[];
  /** Whole seconds count: clients know the time of an object no finer. */
  readonly lastModifiedMs?: number;
  readonly sizeBytes?: number;
}

export interface ObjectDeletion {
  readonly key: string;
  /** Null for the key: its object, or a delete marker on top of it, as the bucket's state demands. */
  readonly versionId?: string | null;
  /** Counts only when there is something to delete. */
  readonly condition?: DeleteCondition;
  /** Whether retention in GOVERNANCE mode keeps the version no more; false when left out. */
  readonly bypassesGovernance?: boolean;
}

/**
 * - `deleted`: it is gone, or was not there.
 * - `precondition-failed`: its condition does not hold.
 * - `locked`: object lock keeps it.
 * - `unfinished`: left for another transaction: so many segments would hold up other writes.
 */
export interface DeletionResult {
  readonly outcome: 'deleted' | 'precondition-failed' | 'no-such-key' | 'locked' | 'unfinished';
  /** Of the delete marker that was written or removed; null when there was none. */
  readonly deleteMarkerVersionId: string | null;
}

export type SetVersioningOutcome = 'stored' | 'no-such-bucket' | 'has-object-lock';

/** Object lock needs versions: `not-versioned` where versioning is not enabled. */
export type SetObjectLockOutcome = 'stored' | 'no-such-bucket' | 'not-versioned';

export type PutBucketDomainOutcome =
  | { readonly outcome: 'stored' | 'no-such-bucket' }
  /** Another bucket has it. */
  | { readonly outcome: 'taken'; readonly bucketName: string };

export interface NewObject extends ObjectDescription, Partial<ObjectSubresources> {
  readonly bucketId: number;
  readonly key: string;
  readonly ownerId: string;
  readonly size: number;
  readonly etag: string;
  readonly qetag?: string | null;
  readonly checksum: Checksum | null;
  readonly lastModifiedMs: number;
  /**
   * Tile the object without gap or overlap; empty when size is 0. The files were stored for this
   * object: a single segment from offset 0 is taken for a whole file.
   */
  readonly segments: readonly SegmentContent[];
  /** Whether people will know its files by ID; those with an extension always are. */
  readonly isNamed?: boolean;
}

/** What versions take together, delete markers and unfinished uploads left out. */
export interface Usage {
  readonly objectCount: number;
  readonly sizeBytes: number;
}

/** By how much a write lets the usage of its bucket grow; less than 0 where it shrinks. */
export interface Growth {
  readonly objectCount: number;
  readonly sizeBytes: number;
}

/** Nothing was written: it would take more than is allowed. */
export interface QuotaExceeded {
  readonly outcome: 'quota-exceeded';
  /** The bucket by itself, or all buckets of its owner. */
  readonly usedBy: 'bucket' | 'owner';
  readonly unit: 'bytes' | 'objects';
  readonly quota: number;
  readonly used: number;
  /** What the write would have added. */
  readonly growth: number;
}

export type QuotaHolder =
  | { readonly kind: 'bucket'; readonly bucketId: number }
  | { readonly kind: 'user'; readonly userId: string };

/** Nothing was written, because it is there: see `unlessQetag`. */
interface SameContent {
  readonly outcome: 'same-content';
  readonly object: ObjectRecord;
}

/** Why nothing was written. `no-such-key`: If-Match without an object. */
export type RefusedWrite =
  | QuotaExceeded
  | SameContent
  | { readonly outcome: 'no-such-bucket' | 'no-such-key' | 'precondition-failed' };

export type PutObjectOutcome =
  | RefusedWrite
  | { readonly outcome: 'stored'; readonly object: ObjectRecord };

interface VersionName {
  readonly bucketId: number;
  readonly key: string;
  /** Left out or null for the current one. */
  readonly versionId?: string | null;
}

export interface CopyObjectRequest {
  readonly source: VersionName;
  /** The object that was checked by the caller; another one there by now gives `source-changed`. */
  readonly sourceObjectId: number;
  /** Its ETag then: appends change the object, but not its number. Any when left out. */
  readonly sourceEtag?: string;
  readonly destination: { readonly bucketId: number; readonly key: string };
  readonly ownerId: string;
  readonly lastModifiedMs: number;
  /** Null keeps the source's. */
  readonly description: ObjectDescription | null;
  /** Of the copy; tags that are left out are the source's. */
  readonly subresources?: Partial<ObjectSubresources>;
  /**
   * Worked out anew from all bytes: the copy does not consist of parts then. Left out, it is made
   * of what the source is.
   */
  readonly digests?: { readonly etag: string; readonly checksum: Checksum | null };
  readonly condition?: WriteCondition;
}

export interface AppendObjectRequest {
  readonly bucketId: number;
  readonly key: string;
  /** The object that everything below was worked out from. */
  readonly expected: { readonly objectId: number; readonly etag: string };
  /** Bytes that are added. */
  readonly size: number;
  readonly segments: readonly SegmentContent[];
  /** Of what is added, where the object has checksums. */
  readonly partChecksum: string | null;
  /** Of the whole. */
  readonly etag: string;
  readonly checksum: Checksum | null;
  readonly partCount: number;
  readonly lastModifiedMs: number;
  readonly condition?: WriteCondition;
}

export type AppendObjectOutcome =
  | RefusedWrite
  | { readonly outcome: 'appended'; readonly object: ObjectRecord }
  /** It is another one now, or has more bytes. */
  | { readonly outcome: 'object-changed' }
  | { readonly outcome: 'versioned' };

/** Milliseconds since 1970, whole seconds. */
export interface DateCondition {
  readonly ifModifiedSinceMs?: number;
  readonly ifUnmodifiedSinceMs?: number;
}

export interface RenameObjectRequest {
  readonly bucketId: number;
  readonly sourceKey: string;
  readonly key: string;
  readonly sourceCondition?: WriteCondition & DateCondition;
  readonly condition?: WriteCondition & DateCondition;
  /** A token that comes again with the same parameters does nothing more. */
  readonly token: { readonly text: string; readonly parameters: string } | null;
}

export type RenameObjectOutcome =
  | RefusedWrite
  | { readonly outcome: 'renamed'; readonly object: ObjectRecord }
  | { readonly outcome: 'repeated' | 'token-mismatch' | 'versioned' }
  | { readonly outcome: 'no-such-source' | 'source-failed' };

export type CopyObjectOutcome = PutObjectOutcome | { readonly outcome: 'source-changed' };

/** The current version of a key gets another one, in this bucket or in another. */
export interface MoveObjectRequest {
  readonly source: { readonly bucketId: number; readonly key: string };
  /** The object that was checked by the caller; another one there by now gives `source-changed`. */
  readonly sourceObjectId: number;
  readonly destination: { readonly bucketId: number; readonly key: string };
  /** Whose it is where it changes its bucket, and whose the delete marker is where one is needed. */
  readonly ownerId: string;
  /** Of the object where it is written anew: in a bucket with versions, and in another bucket. */
  readonly subresources?: Partial<ObjectSubresources>;
  readonly condition?: WriteCondition;
}

/** What is gone because its time had come. */
export interface ExpiredObject {
  readonly bucketId: number;
  readonly key: string;
}

/** What is to become of one version of an object; what `change` leaves out stays. */
export interface ChangeObjectRequest {
  readonly bucketId: number;
  readonly key: string;
  /** Null for the current version, `null` as text for the null version. */
  readonly versionId: string | null;
  /** The object that was looked at; another one under that name by now is left alone. */
  readonly objectId?: number;
  /** What was worked out from: where any of these is another one by now, nothing is changed. */
  readonly expected?: Partial<
    Pick<ObjectRecord, 'etag' | 'headers' | 'userMetadata' | 'kodo' | 'expiresAtMs'>
  >;
  readonly change: Partial<ObjectSubresources & ObjectDescription & Pick<ObjectRecord, 'qetag'>>;
  /** Whether the caller may weaken a retention in mode GOVERNANCE, and wants to. */
  readonly bypassesGovernance?: boolean;
}

/**
 * - `locked`: the retention that the version has forbids the one it is to get.
 * - `delete-marker`: that version is one, and has none of this.
 * - `replaced`: it is not the object that was looked at, or not what was expected of it.
 */
export type ChangeObjectOutcome =
  | { readonly outcome: 'changed'; readonly object: ObjectRecord }
  | { readonly outcome: 'no-such-object' | 'delete-marker' | 'locked' | 'replaced' };

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

export interface ListUploadsRequest {
  readonly bucketId: number;
  readonly prefix: string;
  readonly delimiter: string;
  /** As `after` of ListObjectsRequest. */
  readonly keyMarker: string;
  /** Not empty: uploads of that very key are listed too, from the next upload ID in byte order. */
  readonly uploadIdMarker: string;
  readonly limit: number;
}

export interface ListUploadsPage {
  readonly uploads: readonly Upload[];
  readonly commonPrefixes: readonly string[];
  readonly next: { readonly keyMarker: string; readonly uploadIdMarker: string } | null;
}

export interface NewPart {
  readonly bucketId: number;
  readonly key: string;
  readonly uploadId: string;
  readonly partNumber: number;
  readonly size: number;
  readonly etag: string;
  readonly qetag?: string | null;
  readonly checksum: Checksum | null;
  readonly lastModifiedMs: number;
  readonly segments: readonly SegmentContent[];
}

export interface CopyPartRequest extends Omit<NewPart, 'segments' | 'size'> {
  readonly source: VersionName;
  readonly sourceObjectId: number;
  readonly sourceEtag?: string;
  /** Bytes `start` to `start + size - 1` of the source. */
  readonly range: { readonly start: number; readonly size: number };
}

export interface CompleteUploadRequest {
  readonly bucketId: number;
  readonly key: string;
  readonly uploadId: string;
  /** In ascending order of part number, as the client lists them. */
  readonly parts: readonly { readonly partNumber: number; readonly etag: string }[];
  /** ETag and checksum of the whole, worked out by the caller from `listParts`. */
  readonly etag: string;
  readonly qetag?: string | null;
  readonly checksum: Checksum | null;
  readonly lastModifiedMs: number;
  /** Of the object when its upload was given none. */
  readonly defaultRetention?: Retention | null;
  /** What is known of the object only now, and goes before what its upload says. */
  readonly decided?: DecidedObject;
  readonly condition?: WriteCondition;
}

/** Its key may be another one than its upload's. */
interface DecidedObject extends ObjectDescription {
  readonly key: string;
  readonly expiresAtMs: number | null;
  readonly kodo: KodoAttributes | null;
}

/** Parts of one upload, all that it has. */
export interface ComposedUpload {
  readonly uploadId: string;
  /** ETags of its parts, which are numbered from 1 without gaps. */
  readonly etags: readonly string[];
}

/** In order of their part numbers. */
export interface UploadParts {
  readonly uploadId: string;
  readonly parts: readonly Pick<Part, 'partNumber' | 'size' | 'etag' | 'qetag'>[];
}

/** Makes one object of several uploads with an empty key, in this order; each counts once. */
export interface ComposeObjectRequest
  extends Omit<NewObject, 'segments' | 'size' | 'checksum' | 'qetag'> {
  readonly qetag: string;
  readonly uploads: readonly ComposedUpload[];
  readonly condition?: WriteCondition;
}

export type ComposeObjectOutcome =
  | RefusedWrite
  | { readonly outcome: 'stored'; readonly object: ObjectRecord }
  /** One is gone, or a part of it is not the one that the caller saw. */
  | { readonly outcome: 'no-such-upload'; readonly uploadId: string };

export type CompleteUploadOutcome =
  | RefusedWrite
  | { readonly outcome: 'completed'; readonly object: ObjectRecord }
  /** A part was replaced or is missing since the caller looked. */
  | { readonly outcome: 'invalid-part'; readonly partNumber: number }
  | { readonly outcome: 'no-such-upload' };

/** Remembered for a day, so that a repeated CompleteMultipartUpload gets its first answer. */
export interface CompletedUpload {
  readonly uploadId: string;
  readonly bucketId: number;
  readonly key: string;
  /** As in ObjectRecord. */
  readonly versionId: string | null;
  readonly etag: string;
  readonly qetag: string | null;
  readonly checksum: Checksum | null;
}

export interface DueDeletionsRequest {
  readonly groupName: string;
  readonly dueAtMs: number;
  /** The last file of the page before; null for the first page. */
  readonly after: { readonly notBeforeMs: number; readonly id: number } | null;
  readonly limit: number;
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

/** A key for files that are there already. */
export interface ImportedObject extends Omit<NewObject, 'bucketId' | 'isNamed'> {
  /**
   * For those of its files that something referred to when `locateFiles` looked: the keys whose
   * objects they were, none for other uses.
   */
  readonly uses: readonly {
    readonly fileId: string;
    readonly places: readonly { readonly bucketId: number; readonly key: string }[];
  }[];
}

export interface ImportObjectsRequest {
  readonly bucketId: number;
  /** Whether an object that is under a key already, and has other files, is replaced. */
  readonly overwrites: boolean;
  /** Tells what would become of the objects, and writes nothing. */
  readonly isDryRun?: boolean;
  /** Each key once. */
  readonly objects: readonly ImportedObject[];
}

/**
 * - `imported`: under a key that had no object. `overwritten`: in the place of another object.
 * - `present`: the key's object has these very files. `updated`: so it was, and its ETag, which was
 *   none of MD5, is the given one now.
 * - `conflict`: another object has the key.
 * - `queued`: a file waits for its deletion.
 * - `changed`: something referred to a file when `locateFiles` looked, and it cannot be found any
 *   more: it may be gone, or be somewhere else.
 */
export type ImportOutcome =
  | 'imported'
  | 'overwritten'
  | 'present'
  | 'updated'
  | 'conflict'
  | 'queued'
  | 'changed';

export type ImportObjectsOutcome =
  | QuotaExceeded
  | { readonly outcome: 'no-such-bucket' }
  /** For each object, in their order. */
  | { readonly outcome: 'done'; readonly outcomes: readonly ImportOutcome[] };

export interface ListFileReferencesRequest {
  /** Only objects and uploads of that bucket; of all when null. */
  readonly bucketId: number | null;
  /** `next` of the page before; null for the first one. Other text is an error. */
  readonly after: string | null;
  /** Rows that one page looks at; it may hold fewer references, or none. */
  readonly limit: number;
}

/**
 * Parts of uploads come before objects, because the one can become the other meanwhile. A reference
 * that is made or moved behind the cursor while somebody pages is not seen.
 */
export interface FileReferencesPage {
  readonly references: readonly FileReference[];
  readonly next: string | null;
}

/**
 * - `referenced`: some row refers to it.
 * - `queued`: nothing does, and it waits for its deletion.
 * - `unknown`: it was deleted long ago, or the one row that refers to it is an object under another
 *   key than the one given.
 */
export type FileUse = 'referenced' | 'queued' | 'unknown';

export interface QueuedOrphans {
  readonly queuedCount: number;
  /** Files that were left alone, because something refers to them or they are queued already. */
  readonly neededFileIds: readonly string[];
}

export interface RepointFileRequest {
  readonly oldFileId: string;
  /**
   * Holds the same bytes. It must be new, never referred to by anything, unless `findReplacement`
   * gives it for the old one.
   */
  readonly newFileId: string;
  /** Keys whose objects may refer to the old file. Parts and segments are found without. */
  readonly locations: readonly { readonly bucketId: number; readonly key: string }[];
}

/**
 * - `repointed`: objects under other keys still refer to the old file in `remainingCount` places.
 *   When that is not 0, `findReplacement` gives the new file from now on.
 * - `not-referenced`: no part, segment, or object at the locations refers to the old file.
 * - `replaced-already`: by another file than the given one.
 */
export type RepointFileOutcome =
  | {
      readonly outcome: 'repointed';
      readonly movedCount: number;
      readonly remainingCount: number;
    }
  | { readonly outcome: 'not-referenced' }
  | { readonly outcome: 'replaced-already'; readonly newFileId: string };
