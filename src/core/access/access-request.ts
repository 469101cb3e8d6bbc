import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import type { Caller } from '../services.ts';
import type { Tags } from '../tags.ts';

/** What of a request policies may ask for. Names of headers are in lower case. */
export interface RequestFacts {
  /** Of the client, as the edge knows it. */
  readonly sourceIp: string | null;
  /** Whether it came over TLS. */
  readonly isSecure: boolean;
  /** `1.2`, `1.3`; null without TLS. */
  readonly tlsVersion?: string | null;
  /** When it came, in ms since 1970. */
  readonly nowMs: number;
  readonly headers: { get(name: string): string | null };
  readonly query: { get(name: string): string | null };
}

/** What an action is to be done to. */
export interface AccessTarget {
  /** Null for what belongs to no bucket (ListBuckets, CreateBucket). */
  readonly bucket: Bucket | null;
  /** Of the bucket that is to be created. */
  readonly bucketName?: string | null;
  readonly key?: string | null;
  /** Null for the current version. */
  readonly versionId?: string | null;
  /** As it is now: for its ACL and tags. Undefined where it was not looked up, null where none is. */
  readonly object?: Pick<ObjectRecord, 'ownerId' | 'acl' | 'tags'> | null;
  /**
   * The tags that the request gives, null for none, where not `x-amz-tagging` tells them: those in a
   * document, or of the source of a copy.
   */
  readonly requestTags?: Tags | null;
  /** The document of the request, which may hold tags or a lock, is not read yet. */
  readonly isDocumentUnread?: boolean;
  /** Who began the upload that is asked for, in the same way. */
  readonly uploadInitiatorId?: string | null;
  /**
   * Values of condition keys, by lower-case name, where not the request's headers and query tell
   * them: the retention in a document, the prefix that another request would have. An empty list is
   * for no value.
   */
  readonly conditions?: Readonly<Record<string, readonly string[]>>;
}

/** One question to the policies. */
export interface PolicyRequest {
  /** One of AWS's: `s3:GetObject`. */
  readonly action: string;
  /** `arn:aws:s3:::photos/cat.jpg`. */
  readonly resource: string;
  readonly caller: Caller;
  readonly facts: RequestFacts;
  readonly target: AccessTarget;
}

const arnPrefix = 'arn:aws:s3:::';

/** The name by which policies know a target; `*` in the place of a bucket is all of them. */
export function arnOf({ bucket, bucketName, key }: AccessTarget): string {
  const name = bucket?.name ?? bucketName ?? '*';
  return key === null || key === undefined ? arnPrefix + name : `${arnPrefix + name}/${key}`;
}
