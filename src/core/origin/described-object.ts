import { createHash } from 'node:crypto';
import { type Bucket, noSubresources, type ObjectRecord } from '../../object-index/records.ts';
import type { OriginHead } from './origin.ts';

const s3EtagPattern = /^[0-9a-f]{32}(-\d{1,5})?$/;

/**
 * The object that will be stored, as far as an origin describes it before its bytes have come; null
 * when size or ETag are known only then. `nowMs` bounds what it says of its last change.
 */
export function describedObject(
  bucket: Bucket,
  key: string,
  head: OriginHead,
  nowMs: number,
): ObjectRecord | null {
  const etag = etagOf(head);
  if (head.size === null || etag === null) return null;
  return objectOf(bucket, key, { head, size: head.size, etag, nowMs });
}

/** The same, once all bytes are known. */
export function objectOf(
  bucket: Bucket,
  key: string,
  known: {
    readonly head: OriginHead;
    readonly size: number;
    readonly etag: string;
    readonly nowMs: number;
  },
): ObjectRecord {
  const { head, size, etag, nowMs } = known;
  return {
    ...noSubresources,
    ...head.description,
    // No row has this id: there are no segments or parts to be found by it.
    id: 0,
    bucketId: bucket.id,
    key,
    versionId: null,
    isDeleteMarker: false,
    size,
    etag,
    qetag: head.qetag,
    expiresAtMs: null,
    kodo: null,
    lastModifiedMs: Math.min(head.lastModifiedMs ?? nowMs, nowMs),
    ownerId: bucket.ownerId,
    checksum: null,
    partCount: null,
    fileId: null,
  };
}

/**
 * The ETag that the object gets and keeps, so that it is the same before, while and after the bytes
 * are stored: that of the origin's S3, the MD5 where the origin tells it, else a hash of what tells
 * the origin's versions apart, with `-0` behind it: no client takes an ETag with `-` for an MD5.
 */
function etagOf({ etag, isS3Etag, md5, size, lastModifiedMs }: OriginHead): string | null {
  if (isS3Etag && etag !== null && s3EtagPattern.test(etag)) return etag;
  if (md5) return md5.toString('hex');
  if (etag === null && lastModifiedMs === null) return null;
  const facts = `${etag}\n${lastModifiedMs}\n${size}`;
  return `${createHash('md5').update(facts).digest('hex')}-0`;
}
