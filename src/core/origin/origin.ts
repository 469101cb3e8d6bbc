import type { Readable } from 'node:stream';
import type { Bucket, ObjectDescription, ObjectRecord } from '../../object-index/records.ts';
import type { ByteRange } from '../byte-range.ts';
import type { BucketOrigin } from './bucket-origin.ts';

/** What an origin says of an object before its bytes come. */
export interface OriginHead {
  /** Bytes; null when only the end of the body tells. */
  readonly size: number | null;
  readonly description: ObjectDescription;
  readonly lastModifiedMs: number | null;
  /** As the origin gives it, without quotes; null for none. Weak ones keep their `W/`. */
  readonly etag: string | null;
  /** Whether `etag` is what S3 has for the same object, so that ours may be the same. */
  readonly isS3Etag: boolean;
  /** Of all bytes, 16 bytes; null when the origin does not tell. */
  readonly md5: Buffer | null;
  /** Kodo's hash; null when the origin is no Kodo. */
  readonly qetag: string | null;
}

export interface OriginBody {
  readonly head: OriginHead;
  /** Fails when it breaks off; to be read or destroyed. */
  readonly body: Readable;
}

/** Where a bucket gets objects that it does not have. Null is for what is not there either. */
export interface OriginSource {
  /** Throws `OriginError`. Null, too, where `unsupported` says that only `open` can tell. */
  head(key: string, signal: AbortSignal): Promise<OriginHead | 'unsupported' | null>;
  /** Throws `OriginError`. */
  open(key: string, signal: AbortSignal): Promise<OriginBody | null>;
}

export interface Origins {
  /** Throws `OriginError` ('refused') where its secret cannot be opened. */
  sourceOf(bucket: Bucket, origin: BucketOrigin): OriginSource;
}

/** An object that is on its way, with its bytes as they come. */
export interface PulledObject {
  readonly object: ObjectRecord;
  /**
   * The bytes that are asked for, null for all. Fails when the rest does not come, or is not what
   * the origin announced: before its end in either case. Null when nobody holds them any more, so
   * that the index is to be asked again.
   */
  open(range: ByteRange | null): Readable | null;
}

/** `stored`: the key has an object, or a delete marker, by now: the index tells. */
export type PullOutcome = PulledObject | 'missing' | 'stored';

/** What is being fetched from origins. */
export interface Pulls {
  /**
   * The object from the bucket's origin; `missing` where it has none, either. Throws
   * `OriginFailed`, `SlowDown`, or the signal's reason, which does not end the fetch.
   */
  open(bucket: Bucket, key: string, signal: AbortSignal): Promise<PullOutcome>;
  /** As `open`, by a question that fetches no bytes, unless only they tell. */
  head(
    bucket: Bucket,
    key: string,
    signal: AbortSignal,
  ): Promise<ObjectRecord | Exclude<PullOutcome, object>>;
}

/**
 * - `unreachable`: no connection, or one that broke.
 * - `timeout`: it said nothing for too long.
 * - `refused`: it answered with something else than the object, or may not be asked.
 * - `altered`: it sent other bytes, or fewer, than it said.
 * - `too-large`: more bytes than the bucket takes from it.
 */
export type OriginErrorReason = 'unreachable' | 'timeout' | 'refused' | 'altered' | 'too-large';

/** Why an origin gave nothing. The message is for the operator: it may tell private names. */
export class OriginError extends Error {
  readonly reason: OriginErrorReason;

  constructor(reason: OriginErrorReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'OriginError';
    this.reason = reason;
  }
}
