import type {
  Checksum,
  ObjectDescription,
  ObjectRecord,
  ObjectSubresources,
  SegmentContent,
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

export interface VersionName {
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
