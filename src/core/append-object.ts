import { createHash } from 'node:crypto';
import type { Bucket, Checksum, ObjectRecord } from '../object-index/records.ts';
import type { AppendObjectOutcome } from '../object-index/write-requests.ts';
import { checksumOf } from './content-digest.ts';
import { checkedDescription } from './descriptions.ts';
import { GatewayError } from './errors.ts';
import { type CrcAlgorithm, combineCrcs } from './multipart/crc-combination.ts';
import { partNumberMax } from './multipart/upload-part.ts';
import { checkKey } from './names.ts';
import { groupNameOf } from './placement.ts';
import { checkEarly, checkPutSize, type PutObjectRequest, publishedObject } from './put-object.ts';
import { checkQuotaGrowth } from './quotas.ts';
import type { CoreServices } from './services.ts';
import { type StoredContent, storeContent } from './store-content.ts';

/** How often it is tried again when the object was replaced by one of the same size meanwhile. */
const attemptsMax = 5;

export interface AppendObjectRequest extends PutObjectRequest {
  /** Bytes that the object must have. */
  readonly offset: number;
}

export interface AppendedObject {
  readonly object: ObjectRecord;
  /** Of the bytes that were added; null where there is none. */
  readonly partChecksum: Checksum | null;
}

/**
 * Stores bytes behind those of an object, or a new object at offset 0. No stored file is touched:
 * the object gets more segments, and each append counts as a part. Of several at one offset one
 * succeeds.
 *
 * Throws `InvalidWriteOffset` unless the object ends at the offset, `TooManyParts`,
 * `InvalidRequest` for an empty body, for user metadata of an object that is there, and for another
 * checksum algorithm than the object's, `InvalidBucketState` where the bucket has versions, and
 * what `putObject` throws.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-buckets-objects-append.html
 */
export async function appendObject(
  core: CoreServices,
  request: AppendObjectRequest,
): Promise<AppendedObject> {
  const { bucket, key, content, condition } = request;
  checkKey(key);
  checkPutSize(content.size);
  checkUnversioned(bucket);
  if (content.size === 0) {
    const message = "Request body cannot be empty when 'write offset' is specified.";
    throw new GatewayError('InvalidRequest', { message });
  }
  const early = await findAppendable(core, request);
  if (!early) await checkEarly(core, bucket, key, { size: content.size, condition });
  else await checkQuotaGrowth(core, bucket, { objectCount: 0, sizeBytes: content.size });
  const options = {
    signal: request.signal,
    checksumAlgorithm: early?.checksum?.algorithm ?? null,
    groupName: groupNameOf(core.settings, bucket, early ?? request.description),
  };
  return await storeContent(core, content, options, async (stored) => {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const current = await findAppendable(core, request);
      const outcome = current
        ? await appendTo(core, request, current, stored)
        : await create(core, request, stored);
      if (outcome.outcome === 'appended') {
        return { object: outcome.object, partChecksum: stored.checksum };
      }
      if (outcome.outcome === 'versioned') throw versionedBucket(bucket);
      if (outcome.outcome !== 'object-changed') publishedObject(outcome, bucket, key);
    }
    throw new GatewayError('ConditionalRequestConflict');
  });
}

/** Throws `InvalidBucketState` where objects of the bucket may have several versions. */
export function checkUnversioned(bucket: Bucket): void {
  if (bucket.versioning !== null) throw versionedBucket(bucket);
}

export function versionedBucket({ name }: Bucket): GatewayError {
  return new GatewayError('InvalidBucketState', {
    message:
      "Appends and renames need a bucket that never had versioning, as S3's directory buckets are.",
    BucketName: name,
  });
}

/** The object, which ends at the offset; null for one that is to be created. */
async function findAppendable(
  core: CoreServices,
  { bucket, key, offset, description, content, condition }: AppendObjectRequest,
): Promise<ObjectRecord | null> {
  const object = await core.index.findObject(bucket.id, key);
  if (!object) {
    if (condition?.ifMatch) throw new GatewayError('NoSuchKey', { Key: key });
    if (offset !== 0) throw invalidOffset(offset, 0);
    return null;
  }
  if (object.size !== offset) throw invalidOffset(offset, object.size);
  if (Object.keys(description.userMetadata).length > 0) {
    const message =
      'Cannot specify both a write offset value and user-defined object metadata for existing objects.';
    throw new GatewayError('InvalidRequest', { message });
  }
  if (partsOf(object) >= partNumberMax) throw new GatewayError('TooManyParts');
  const expected = object.checksum?.algorithm;
  const actual = content.checksumAlgorithm;
  if (object.size > 0 && expected && actual && expected !== actual) {
    throw new GatewayError('InvalidRequest', {
      message: `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${actual.toLowerCase()}.`,
    });
  }
  return object;
}

function invalidOffset(offset: number, size: number): GatewayError {
  return new GatewayError('InvalidWriteOffset', { WriteOffset: offset, ObjectSize: size });
}

/** Parts that the object counts as; nothing is none. */
function partsOf({ partCount, size }: ObjectRecord): number {
  return partCount ?? (size === 0 ? 0 : 1);
}

async function create(
  core: CoreServices,
  { bucket, key, caller, ownerId, description, subresources, condition }: AppendObjectRequest,
  stored: StoredContent,
): Promise<AppendObjectOutcome> {
  const outcome = await core.index.putObject(
    {
      ...checkedDescription(description),
      ...subresources,
      ...stored,
      bucketId: bucket.id,
      key,
      ownerId: ownerId ?? caller.userId,
      lastModifiedMs: core.now(),
    },
    { ...condition, ifNoneMatch: ['*'] },
  );
  if (outcome.outcome === 'stored') return { outcome: 'appended', object: outcome.object };
  // Somebody else was first: the next look tells that the offset is not the end any more.
  if (outcome.outcome === 'precondition-failed' && !condition?.ifNoneMatch) {
    return { outcome: 'object-changed' };
  }
  return outcome;
}

async function appendTo(
  core: CoreServices,
  { bucket, key, condition }: AppendObjectRequest,
  current: ObjectRecord,
  stored: StoredContent,
): Promise<AppendObjectOutcome> {
  const partCount = partsOf(current) + 1;
  const { size, segments, etag } = stored;
  return await core.index.appendObject({
    bucketId: bucket.id,
    key,
    expected: { objectId: current.id, etag: current.etag },
    size,
    segments,
    partChecksum: stored.checksum?.value ?? null,
    etag: appendedEtag(current, etag, partCount),
    checksum: await appendedChecksum(core, current, stored, partCount),
    partCount,
    lastModifiedMs: core.now(),
    ...(condition && { condition }),
  });
}

/**
 * Says what the object holds and what it grew from, in the form of a multipart upload's, whose
 * formula would take the ETags of all parts each time.
 */
function appendedEtag({ etag }: ObjectRecord, addedEtag: string, partCount: number): string {
  const md5 = createHash('md5');
  md5.update(Buffer.from(etag.slice(0, 32), 'hex')).update(Buffer.from(addedEtag, 'hex'));
  return `${md5.digest('hex')}-${partCount}`;
}

/** CRCs of the whole are combined; other checksums become one of the parts' checksums. */
async function appendedChecksum(
  core: CoreServices,
  current: ObjectRecord,
  stored: StoredContent,
  partCount: number,
): Promise<Checksum | null> {
  const before = current.checksum;
  const added = stored.checksum;
  if (current.size === 0 || !before || !added) return current.size === 0 ? added : null;
  const { algorithm, type } = before;
  if (algorithm !== added.algorithm) throw new GatewayError('ConditionalRequestConflict');
  if (type === 'FULL_OBJECT' && algorithm.startsWith('CRC')) {
    const whole = combineCrcs(algorithm as CrcAlgorithm, [
      { value: Buffer.from(before.value, 'base64'), size: current.size },
      { value: Buffer.from(added.value, 'base64'), size: stored.size },
    ]);
    return { algorithm, type, value: whole.toString('base64') };
  }
  const values = current.partCount === null ? [before.value] : await partChecksums(core, current);
  const parts = [...values, added.value].map((value) => Buffer.from(value ?? '', 'base64'));
  if (parts.length !== partCount || parts.some((value) => value.length === 0)) return null;
  const value = await checksumOf(algorithm, Buffer.concat(parts));
  return { algorithm, type: 'COMPOSITE', value: `${value}-${partCount}` };
}

async function partChecksums(
  { index }: CoreServices,
  { id }: ObjectRecord,
): Promise<readonly (string | null)[]> {
  const { parts } = await index.listObjectParts(id, 0, partNumberMax);
  return parts.map(({ checksumValue }) => checksumValue);
}
