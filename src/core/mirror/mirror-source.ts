import type { Readable } from 'node:stream';
import type { OriginHead } from '../origin/origin.ts';
import type { Tags } from '../tags.ts';

/** An object of the source as its listing tells it. */
export interface SourceObject {
  /** As the source names it. */
  readonly key: string;
  readonly size: number;
  /** Without quotes; '' when the listing has none. */
  readonly etag: string;
  readonly lastModifiedMs: number;
}

export interface SourceBody {
  readonly head: OriginHead;
  /** Null when there are none, or nobody asked for them. */
  readonly tags: Tags | null;
  readonly body: Readable;
}

/** The bucket that is copied. All throw `OriginError`, or the signal's reason. */
export interface MirrorSource {
  /** Up to 1000 objects behind `after`, in the order in which the source lists them. */
  list(
    after: string | null,
    signal: AbortSignal,
  ): Promise<{ readonly objects: readonly SourceObject[]; readonly isLast: boolean }>;
  /** Null when it is gone. */
  open(key: string, signal: AbortSignal): Promise<SourceBody | null>;
  /** The rest of the same bytes; fails when the object is another one by now. */
  openRest(key: string, etag: string, start: number, signal: AbortSignal): Promise<Readable>;
  has(key: string, signal: AbortSignal): Promise<boolean>;
}
