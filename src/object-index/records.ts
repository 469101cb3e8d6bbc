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
