import type {
  AccessKey,
  Bucket,
  Checksum,
  ChecksumAlgorithm,
  ChecksumType,
  ObjectDescription,
  ObjectPart,
  ObjectRecord,
  Part,
  PendingDeletion,
  Segment,
  SegmentContent,
  Upload,
  User,
} from './records.ts';

/** What a write demands of the key as it is when the transaction runs (RFC 9110, section 13). */
export interface WriteCondition {
  /** ETags without quotes, or `*`: one of them must be the current object's. */
  readonly ifMatch?: readonly string[];
  /** ETags without quotes, or `*`: none of them may be the current object's. */
  readonly ifNoneMatch?: readonly string[];
}

/** What a deletion demands of the object under the key, if there is one. */
export interface DeleteCondition {
  /** ETags without quotes, or `*`: one of them must be the object's. */
  readonly ifMatch?: readonly string[];
  /** Whole seconds count: clients know the time of an object no finer. */
  readonly lastModifiedMs?: number;
  readonly sizeBytes?: number;
}

export interface ConditionalDeletion {
  readonly key: string;
  readonly condition: DeleteCondition;
}

export interface NewObject extends ObjectDescription {
  readonly bucketId: number;
  readonly key: string;
  readonly ownerId: string;
  readonly size: number;
  readonly etag: string;
  readonly checksum: Checksum | null;
  readonly lastModifiedMs: number;
  /**
   * Tile the object without gap or overlap; empty when size is 0. The files were stored for this
   * object: a single segment from offset 0 is taken for a whole file.
   */
  readonly segments: readonly SegmentContent[];
}

export type PutObjectOutcome =
  | { readonly outcome: 'stored'; readonly object: ObjectRecord }
  | { readonly outcome: 'no-such-bucket' | 'no-such-key' | 'precondition-failed' };

export interface CopyObjectRequest {
  readonly source: { readonly bucketId: number; readonly key: string };
  /** The object that was checked by the caller; another one there by now gives `source-changed`. */
  readonly sourceObjectId: number;
  readonly destination: { readonly bucketId: number; readonly key: string };
  readonly ownerId: string;
  readonly lastModifiedMs: number;
  /** Null keeps the source's. */
  readonly description: ObjectDescription | null;
  readonly condition?: WriteCondition;
}

export type CopyObjectOutcome =
  | { readonly outcome: 'stored'; readonly object: ObjectRecord }
  | {
      readonly outcome: 'source-changed' | 'no-such-bucket' | 'no-such-key' | 'precondition-failed';
    };

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
  /** Objects and common prefixes together, 0 to 1000. */
  readonly limit: number;
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
}

export interface ListObjectsPage {
  /** In the order of their keys' UTF-8 bytes. */
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  /** The last key or common prefix returned when more follow: `after` of the next page. */
  readonly nextAfter: string | null;
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
  readonly checksum: Checksum | null;
  readonly lastModifiedMs: number;
  readonly segments: readonly SegmentContent[];
}

export interface CopyPartRequest extends Omit<NewPart, 'segments' | 'size'> {
  readonly source: { readonly bucketId: number; readonly key: string };
  readonly sourceObjectId: number;
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
  readonly checksum: Checksum | null;
  readonly lastModifiedMs: number;
  readonly condition?: WriteCondition;
}

export type CompleteUploadOutcome =
  | { readonly outcome: 'completed'; readonly object: ObjectRecord }
  /** A part was replaced or is missing since the caller looked. */
  | { readonly outcome: 'invalid-part'; readonly partNumber: number }
  | { readonly outcome: 'no-such-upload' | 'no-such-key' | 'precondition-failed' };

/** Remembered for a day, so that a repeated CompleteMultipartUpload gets its first answer. */
export interface CompletedUpload {
  readonly uploadId: string;
  readonly bucketId: number;
  readonly key: string;
  readonly etag: string;
  readonly checksum: Checksum | null;
}

/**
 * Buckets, keys, uploads, users and files to delete.
 *
 * Each method is one transaction. A write that resolved is durable on disk, and every later read
 * sees it. A file that loses its last reference is queued for deletion in the same transaction.
 * Keys order by their UTF-8 bytes. Rejects with `IndexError` when the database fails.
 */
export interface ObjectIndex {
  createBucket(bucket: Omit<Bucket, 'id'>): Promise<{ created: boolean; bucket: Bucket }>;
  findBucket(name: string): Promise<Bucket | null>;
  /** In order of name; only names after `after`, those of `ownerId` or all when null. */
  listBuckets(request: {
    readonly ownerId: string | null;
    readonly prefix: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<readonly Bucket[]>;
  /** Also drops the bucket's unfinished uploads; `not-empty` while it has objects. */
  deleteBucket(bucketId: number): Promise<'deleted' | 'not-empty' | 'no-such-bucket'>;

  putObject(object: NewObject, condition?: WriteCondition): Promise<PutObjectOutcome>;
  /** No byte moves: the copy refers to the files of the source. */
  copyObject(request: CopyObjectRequest): Promise<CopyObjectOutcome>;
  findObject(bucketId: number, key: string): Promise<ObjectRecord | null>;
  /**
   * Segments that overlap byte `fromOffset` and after, in order. None for an object whose `fileId`
   * tells all.
   */
  listSegments(objectId: number, fromOffset: number, limit: number): Promise<readonly Segment[]>;
  findObjectPart(objectId: number, partNumber: number): Promise<ObjectPart | null>;
  listObjects(request: ListObjectsRequest): Promise<ListObjectsPage>;
  /**
   * Keys that do not exist are no error (DeleteObject is idempotent). A key with conditions among
   * `conditional` is deleted when all of them hold; gives the keys for which one does not.
   */
  deleteObjects(
    bucketId: number,
    keys: readonly string[],
    conditional?: readonly ConditionalDeletion[],
  ): Promise<ReadonlySet<string>>;

  createUpload(upload: Upload): Promise<'created' | 'no-such-bucket'>;
  findUpload(bucketId: number, key: string, uploadId: string): Promise<Upload | null>;
  listUploads(request: ListUploadsRequest): Promise<ListUploadsPage>;
  /** Replaces the part of that number. */
  putPart(part: NewPart): Promise<'stored' | 'no-such-upload'>;
  copyPart(request: CopyPartRequest): Promise<'stored' | 'no-such-upload' | 'source-changed'>;
  listParts(
    uploadId: string,
    afterPartNumber: number,
    limit: number,
  ): Promise<{ readonly parts: readonly Part[]; readonly isTruncated: boolean }>;
  completeUpload(request: CompleteUploadRequest): Promise<CompleteUploadOutcome>;
  findCompletedUpload(uploadId: string): Promise<CompletedUpload | null>;
  abortUpload(
    bucketId: number,
    key: string,
    uploadId: string,
  ): Promise<'aborted' | 'no-such-upload'>;

  /** For files of writes that failed after the bytes were stored. */
  queueDeletions(fileIds: readonly string[], notBeforeMs: number): Promise<void>;
  /** Due ones, oldest first. */
  listDueDeletions(nowMs: number, limit: number): Promise<readonly PendingDeletion[]>;
  finishDeletions(ids: readonly number[]): Promise<void>;
  postponeDeletions(
    postponed: readonly { readonly id: number; readonly notBeforeMs: number }[],
  ): Promise<void>;
  countDeletions(): Promise<number>;
  /** Forgets completed uploads older than that. */
  forgetCompletedUploads(completedBeforeMs: number): Promise<void>;

  createUser(user: User): Promise<'created' | 'name-taken'>;
  findUser(id: string): Promise<User | null>;
  findUserByName(name: string): Promise<User | null>;
  listUsers(): Promise<readonly User[]>;
  /** Its access keys go with it; refused while it owns buckets, and for root. */
  removeUser(id: string): Promise<'removed' | 'no-such-user' | 'owns-buckets' | 'is-root'>;
  /** Replaces the secret when that access key belongs to the same user already. */
  putAccessKey(key: AccessKey): Promise<'stored' | 'belongs-to-another-user'>;
  findAccessKey(accessKeyId: string): Promise<{ key: AccessKey; user: User } | null>;
  listAccessKeys(userId: string | null): Promise<readonly AccessKey[]>;
  removeAccessKey(accessKeyId: string): Promise<boolean>;

  close(): Promise<void>;
}

/**
 * - `full`: the disk is full or its quota is used up.
 * - `overloaded`: the queue of waiting writes is full; worth a retry.
 * - `failed`: anything else the database says.
 */
export type IndexErrorReason = 'full' | 'overloaded' | 'failed';

export class IndexError extends Error {
  readonly reason: IndexErrorReason;
  /**
   * True when a write may be in the database although it failed (the answer to its COMMIT was
   * lost). Its files must not be deleted then: a key may need them.
   */
  readonly mayBeCommitted: boolean;

  constructor(
    reason: IndexErrorReason,
    message: string,
    options: { readonly cause?: unknown; readonly mayBeCommitted?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'IndexError';
    this.reason = reason;
    this.mayBeCommitted = options.mayBeCommitted ?? false;
  }
}
