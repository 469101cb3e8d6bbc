/** What the index holds, as values. Times are milliseconds since 1970, sizes are bytes. */

/** Null as long as versioning was never enabled. */
export type VersioningState = 'Enabled' | 'Suspended' | null;

/** Bounds on what may be stored; null is none. */
export interface Quota {
  readonly sizeBytes: number | null;
  readonly objectCount: number | null;
}

export interface Bucket {
  readonly id: number;
  readonly name: string;
  readonly ownerId: string;
  /** As given to CreateBucket; null when the request named none. */
  readonly locationConstraint: string | null;
  readonly createdAtMs: number;
  readonly versioning: VersioningState;
  readonly hasObjectLock: boolean;
  /** On all versions in it together. */
  readonly quota: Quota;
  /** False when neither it nor its owner has a quota. */
  readonly isQuotaBound?: boolean;
  /** What was set on it (policy, CORS rules, tags …) by name, each text as its reader wants it. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A host name at which the objects of one bucket are downloaded. */
export interface BucketDomain {
  /** Lower case, without port. */
  readonly domain: string;
  readonly createdAtMs: number;
}

/** Listings of buckets do not read their settings, nor their owners. */
export type ListedBucket = Omit<Bucket, 'settings' | 'isQuotaBound'>;

/** What CreateBucket says of a bucket. */
export type NewBucket = Pick<Bucket, 'name' | 'ownerId' | 'locationConstraint' | 'createdAtMs'> &
  Partial<Pick<Bucket, 'versioning' | 'hasObjectLock' | 'settings'>>;

export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** Base64; a COMPOSITE value ends in `-` and the number of parts. */
  readonly value: string;
}

/** What the writer says of an object and readers get back. */
export interface ObjectDescription {
  /**
   * System headers by lower-case name: content-type, cache-control, content-disposition,
   * content-encoding, content-language, expires, x-amz-website-redirect-location,
   * x-amz-storage-class. Values are header octets, one character each (latin1), as Node gives them.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** `x-amz-meta-*` by lower-case name without that prefix; values as in `headers`. */
  readonly userMetadata: Readonly<Record<string, string>>;
}

export interface Retention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly untilMs: number;
}

/** What only Kodo's API says of an object; a left-out one was never set. */
export interface KodoAttributes {
  readonly endUser?: string;
  /** Nobody may read it. */
  readonly isDisabled?: boolean;
  /** When it should change its storage class, by the name of the new one; nothing does that yet. */
  readonly transitions?: Readonly<Record<string, number>>;
}

/** What can be changed of an object after it was written. */
export interface ObjectSubresources {
  /** Null for none. */
  readonly tags: Readonly<Record<string, string>> | null;
  /** JSON, see `core/access`; null for one that only says that the owner may do everything. */
  readonly acl: string | null;
  readonly retention: Retention | null;
  /** Null where nobody ever said. */
  readonly hasLegalHold: boolean | null;
  /** When it is to be deleted; null is never. */
  readonly expiresAtMs: number | null;
  readonly kodo: KodoAttributes | null;
}

export const noSubresources: ObjectSubresources = {
  tags: null,
  acl: null,
  retention: null,
  hasLegalHold: null,
  expiresAtMs: null,
  kodo: null,
};

/** Bytes of an object in one FastDFS file, as written: order in a list is order in the object. */
export interface SegmentContent {
  readonly fileId: string;
  readonly fileOffset: number;
  readonly size: number;
  /** True when every storage server of the group has confirmed a new file: no check is needed. */
  readonly isReplicated?: boolean;
  /** True when a new file has more bytes behind these. */
  readonly hasMoreBehind?: boolean;
}

export interface Segment extends SegmentContent {
  /** Offset of the first byte in the object. */
  readonly startOffset: number;
}

/** One version of an object. */
export interface ObjectRecord extends ObjectDescription, ObjectSubresources {
  /** Unique over all objects and versions; names the segments and parts of this one. */
  readonly id: number;
  readonly bucketId: number;
  readonly key: string;
  /** Null for what was written without versioning; it and `null` name the null version. */
  readonly versionId: string | null;
  /** Says that the key was deleted: there is nothing to read. */
  readonly isDeleteMarker: boolean;
  readonly size: number;
  /** Without quotes: MD5 hex, or MD5-of-MD5s hex, `-` and the number of parts. */
  readonly etag: string;
  /** Kodo's hash; null until it was needed. */
  readonly qetag: string | null;
  readonly lastModifiedMs: number;
  readonly ownerId: string;
  readonly checksum: Checksum | null;
  /** Parts it was completed from; null when it was not a multipart upload. */
  readonly partCount: number | null;
  /** The file when there is exactly one and all of it is used; else the segments tell. */
  readonly fileId: string | null;
}

/**
 * Whether a file ID ends in an extension: a dot among the last seven characters. What the gateway
 * stores has none, unless people are to know it by its ID.
 */
export function hasExtension(fileId: string): boolean {
  return fileId.includes('.', fileId.length - 7);
}

/** A file that people know by its ID. */
export interface NamedFile {
  readonly fileId: string;
  /** Whether it was there before the gateway referred to it. */
  readonly isImported: boolean;
  /**
   * Keys whose objects are, or were, this file: an object that is another one by now is not what the
   * ID names. A hundred at most.
   */
  readonly places: readonly { readonly bucketId: number; readonly key: string }[];
}

export interface ObjectPart {
  readonly partNumber: number;
  readonly startOffset: number;
  readonly size: number;
  readonly checksumValue: string | null;
}

/** Its description and subresources are those of the object to be. */
export interface Upload extends ObjectDescription, ObjectSubresources {
  readonly uploadId: string;
  readonly bucketId: number;
  readonly key: string;
  /** Of the object to be. */
  readonly ownerId: string;
  /** Who began it. */
  readonly initiatorId: string;
  readonly initiatedAtMs: number;
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
  readonly checksumType: ChecksumType | null;
}

export interface Part {
  readonly partNumber: number;
  readonly size: number;
  /** MD5 hex. */
  readonly etag: string;
  /** Of these bytes alone; null where nobody asked for it. */
  readonly qetag: string | null;
  readonly lastModifiedMs: number;
  readonly checksum: Checksum | null;
}

export interface User {
  readonly id: string;
  readonly name: string;
  /** Root may use every bucket; there is exactly one. */
  readonly isRoot: boolean;
  readonly createdAtMs: number;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly userId: string;
  /** Encrypted; see `core/secrets.ts`. */
  readonly secretEncrypted: Buffer;
  readonly createdAtMs: number;
  /** Requests signed with an inactive key are refused. */
  readonly isActive: boolean;
  /** Null is never. */
  readonly expiresAtMs: number | null;
}

/** What becomes of a key that stays; undefined is left as it is. */
export interface AccessKeyChange {
  readonly isActive?: boolean;
  readonly expiresAtMs?: number | null;
}

/** A policy attached to a user. */
export interface UserPolicy {
  readonly name: string;
  /** JSON in AWS's policy language. */
  readonly document: string;
  readonly updatedAtMs: number;
}

/** A file that no key needs, waiting to be deleted. */
export interface PendingDeletion {
  readonly id: number;
  readonly fileId: string;
  /** Failed attempts so far. */
  readonly attempts: number;
  /** When it is due, or was. */
  readonly notBeforeMs: number;
}

/** A file in the queue that is not to be deleted before some later time. */
export interface PostponedDeletion {
  readonly id: number;
  readonly notBeforeMs: number;
  /** Why the attempt failed that is to be counted; null when there was none. */
  readonly problem: string | null;
}

/** Files to delete in one group. */
export interface DeletionQueueState {
  readonly groupName: string;
  readonly queuedCount: number;
  /** Those of `queuedCount` that may be deleted by now. */
  readonly dueCount: number;
  /** Those of `queuedCount` that could not be deleted at some attempt. */
  readonly failingCount: number;
  readonly oldestQueuedAtMs: number;
}

/** A file that could not be deleted so far. */
export interface FailingDeletion {
  readonly fileId: string;
  readonly attempts: number;
  /** Null for files that failed before it was noted. */
  readonly problem: string | null;
  readonly queuedAtMs: number;
  /** When it is tried again. */
  readonly notBeforeMs: number;
}

/** Names a look that is to be taken; another due time makes another look of it. */
export interface ReplicaCheckKey {
  readonly fileId: string;
  readonly dueMs: number;
}

/** A new file whose replicas are to be looked for. It may have been dropped meanwhile. */
export interface ReplicaCheck extends ReplicaCheckKey {
  /** Where it was referred to when it was new. */
  readonly bucketId: number;
  readonly key: string;
  readonly storedAtMs: number;
  /** Looks so far after which it had to be looked for again. */
  readonly attempts: number;
}

/** The files of one group that wait for a look. */
export interface ReplicaCheckQueue {
  readonly groupName: string;
  readonly oldestDueMs: number;
}

/** A row that refers to a file. */
export interface FileReference {
  readonly fileId: string;
  readonly bucketId: number;
  /** Of the object, or of the upload that the part belongs to. */
  readonly key: string;
  /** Null for objects. */
  readonly uploadId: string | null;
  /** Bytes of the file that are needed, the first one counted from 0. */
  readonly fileOffset: number;
  readonly size: number;
  /** Whether these must be all bytes of the file. */
  readonly isWholeFile: boolean;
}
