import type { BlobStore } from '../blob-store/blob-store.ts';
import type { ObjectIndex } from '../object-index/object-index.ts';
import type { OutboundHttp } from '../outbound/outbound-http.ts';
import type { Logger } from '../support/logger.ts';
import type { NewBucketSettings } from './access/object-ownership.ts';
import type { OpenFiles } from './open-files.ts';
import type { Pulls } from './origin/origin.ts';
import type { Orphans } from './orphans.ts';
import type { GroupMappings } from './placement.ts';
import type { Spool } from './spool/spool.ts';

/** Bounds that the rules need; `config.ts` fills them in. */
interface CoreSettings extends GroupMappings {
  /** Bodies up to this many bytes are verified in memory before a byte is stored. */
  readonly replayBufferSizeBytes: number;
  /** A file that a failed write left behind is deleted after this time. */
  readonly deleteDelayMs: number;
  /** What GetBucketLocation of a bucket without LocationConstraint stands for. */
  readonly region: string;
  /** What CreateBucket gives a bucket of which nothing else is said. */
  readonly newBuckets: NewBucketSettings;
  /** Whether objects are to have Kodo's hash. */
  readonly keepsQetags: boolean;
}

/** What every rule of core works on. */
export interface CoreServices {
  readonly index: ObjectIndex;
  readonly blobs: BlobStore;
  /** What is being read in this process. */
  readonly openFiles: OpenFiles;
  /** Takes what failed writes leave behind. */
  readonly orphans: Orphans;
  /** Holds content of unknown length until it is complete. */
  readonly spool: Spool;
  /** Sends requests to servers that users name. */
  readonly outbound: OutboundHttp;
  /** Fetches from the origins of buckets what they do not have. */
  readonly pulls: Pulls;
  readonly settings: CoreSettings;
  readonly logger: Logger;
  /** Milliseconds since 1970; replaced in tests. */
  readonly now: () => number;
}

/** A policy attached to a user, as the index holds it. */
export interface IdentityPolicy {
  readonly name: string;
  /** JSON in AWS's policy language. */
  readonly document: string;
}

/** Who asks, after the edge has verified it. */
export interface Caller {
  readonly userId: string;
  readonly userName: string;
  readonly isRoot: boolean;
  /** Did not sign: nobody knows who it is. */
  readonly isAnonymous: boolean;
  /** Bound what it may do; none bind it to nothing but what others let it do. */
  readonly policies: readonly IdentityPolicy[];
  /** For the log; never the secret. */
  readonly accessKeyId: string;
}
