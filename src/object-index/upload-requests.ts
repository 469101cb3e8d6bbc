import type {
  Checksum,
  KodoAttributes,
  ObjectDescription,
  ObjectRecord,
  Part,
  Retention,
  SegmentContent,
  Upload,
} from './records.ts';
import type { NewObject, RefusedWrite, VersionName, WriteCondition } from './write-requests.ts';

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
