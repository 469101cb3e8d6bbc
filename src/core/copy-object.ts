import type {
  Bucket,
  ChecksumAlgorithm,
  ObjectDescription,
  ObjectRecord,
  ObjectSubresources,
} from '../object-index/records.ts';
import type { WriteCondition } from '../object-index/write-requests.ts';
import {
  type Access,
  authorize,
  checkExpectedOwner,
  getBucket,
  hideMissing,
  requireAllowed,
} from './access/access.ts';
import { checkedDescription, copiedDescription } from './descriptions.ts';
import { GatewayError } from './errors.ts';
import { getRecord } from './get-object.ts';
import { refuseDisabled } from './kodo/disabled-objects.ts';
import { checkKey } from './names.ts';
import { withDefaultRetention } from './object-lock.ts';
import { evaluateConditions, type ReadConditions } from './preconditions.ts';
import { publishedObject } from './put-object.ts';
import { type CopiedDigests, readDigests } from './read-digests.ts';
import { isCharged } from './request-payment.ts';
import type { CoreServices } from './services.ts';
import { versionIdIn } from './version-id.ts';

/** Bytes that one CopyObject copies. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export const copySizeBytesMax = 5 * 1024 ** 3;

/** How often a copy looks again when its source was replaced between look-up and copy. */
const copyAttemptsMax = 5;

/** The object that a copy reads. */
export interface CopySource {
  readonly bucketName: string;
  readonly key: string;
  readonly versionId: string | null;
  /** Whose bucket the client takes it for; null where it does not say. */
  readonly expectedBucketOwner?: string | null;
  readonly conditions: ReadConditions;
}

export interface CopyObjectRequest {
  readonly source: CopySource;
  readonly bucket: Bucket;
  readonly key: string;
  readonly access: Access;
  /** Whose the copy will be; the caller's when left out. */
  readonly ownerId?: string;
  readonly metadataDirective: 'COPY' | 'REPLACE';
  /** With COPY only storage class and redirect of it count. */
  readonly description: ObjectDescription;
  /** Tags that are left out are the source's. */
  readonly subresources?: Partial<ObjectSubresources>;
  /** The checksum that the copy is to have; left out, it keeps the source's. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly signal: AbortSignal };
  readonly condition?: WriteCondition;
}

/** What a copy made, and the version that it read: null where the source's bucket has none. */
export interface CopiedObject extends ObjectRecord {
  readonly sourceVersionId: string | null;
}

/**
 * Makes the destination refer to the files of the source; no byte moves. They are read once when
 * the copy is to have a checksum that the source has not. Throws what reading the source throws, `PreconditionFailed`, `InvalidRequest` above 5 GiB or for a copy of an object
 * onto itself that changes nothing, and what a write throws.
 */
export async function copyObject(
  core: CoreServices,
  request: CopyObjectRequest,
): Promise<CopiedObject> {
  checkKey(request.key);
  for (let attempt = 1; attempt <= copyAttemptsMax; attempt += 1) {
    const { source, sourceBucket } = await getCopySource(core, request.access, request.source);
    checkCopy(request, source, sourceBucket);
    const description =
      request.metadataDirective === 'REPLACE'
        ? request.description
        : copiedDescription(source, request.description);
    await checkCopiedTags(core, request, source, sourceBucket);
    const digests = await newDigests(core, source, request);
    if (digests === 'source-changed') continue;
    const lastModifiedMs = core.now();
    const copied = await core.index.copyObject({
      source: { bucketId: sourceBucket.id, key: source.key, versionId: request.source.versionId },
      sourceObjectId: source.id,
      sourceEtag: source.etag,
      destination: { bucketId: request.bucket.id, key: request.key },
      ownerId: request.ownerId ?? request.access.caller.userId,
      lastModifiedMs,
      description: checkedDescription(description),
      subresources: withDefaultRetention(request.bucket, request.subresources, lastModifiedMs),
      ...(digests && { digests }),
      ...(request.condition && { condition: request.condition }),
    });
    if (copied.outcome === 'source-changed') continue;
    const sourceVersionId = versionIdIn(sourceBucket, source);
    return { ...publishedObject(copied, request.bucket, request.key), sourceVersionId };
  }
  throw sourceKeepsChanging();
}

/** Null when those of the source do. */
async function newDigests(
  core: CoreServices,
  source: ObjectRecord,
  { checksum: wanted }: CopyObjectRequest,
): Promise<CopiedDigests | 'source-changed' | null> {
  if (!wanted) return null;
  const { algorithm, signal } = wanted;
  const { checksum } = source;
  if (checksum?.algorithm === algorithm && checksum.type === 'FULL_OBJECT') return null;
  const range = { start: 0, size: source.size };
  return (await readDigests(core, source, range, algorithm, signal)) ?? 'source-changed';
}

/**
 * The source of a copy, whose conditions hold. Throws `NoSuchBucket`, `AccessDenied`, `NoSuchKey`,
 * `NoSuchVersion` or `PreconditionFailed`.
 */
export async function getCopySource(
  core: CoreServices,
  access: Access,
  source: CopySource,
): Promise<{ readonly source: ObjectRecord; readonly sourceBucket: Bucket }> {
  const sourceBucket = await getBucket(core, source.bucketName);
  checkExpectedOwner(sourceBucket, source.expectedBucketOwner ?? null);
  const record = await getSourceRecord(core, access, sourceBucket, source);
  // A copy has no 304: whatever is not met fails it.
  const evaluated = evaluateConditions(source.conditions, record);
  if (evaluated.verdict !== 'proceed') {
    throw new GatewayError('PreconditionFailed', { Condition: 'x-amz-copy-source-if-*' });
  }
  return { source: record, sourceBucket };
}

async function getSourceRecord(
  core: CoreServices,
  access: Access,
  bucket: Bucket,
  { key, versionId }: CopySource,
): Promise<ObjectRecord> {
  const action = versionId === null ? 's3:GetObject' : 's3:GetObjectVersion';
  try {
    await authorize(core, access, action, { bucket, key, versionId });
    isCharged(access, bucket);
    const object = await getRecord(core, bucket, key, versionId);
    requireAllowed(access, action, { bucket, key, versionId, object });
    refuseDisabled(object);
    return object;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'MethodNotAllowed') {
      throw new GatewayError('InvalidRequest', {
        message:
          'The source of a copy request may not specifically refer to a delete marker by version id.',
      });
    }
    throw hideMissing(error, access, bucket);
  }
}

/** For a source that other writers replace faster than it can be copied. */
export function sourceKeepsChanging(): GatewayError {
  return new GatewayError('ConditionalRequestConflict', {
    message: 'The source of the copy was replaced while it was copied. Try again.',
  });
}

/** Tags go with the copy: whoever copies must be allowed to read them here and write them there. */
async function checkCopiedTags(
  core: Pick<CoreServices, 'index'>,
  { access, subresources, bucket, key, source: { versionId } }: CopyObjectRequest,
  source: ObjectRecord,
  sourceBucket: Bucket,
): Promise<void> {
  if (source.tags === null || subresources?.tags !== undefined) return;
  const read = versionId === null ? 's3:GetObjectTagging' : 's3:GetObjectVersionTagging';
  const from = { bucket: sourceBucket, key: source.key, object: source };
  await authorize(core, access, read, from);
  await authorize(core, access, 's3:PutObjectTagging', { bucket, key, requestTags: source.tags });
}

function checkCopy(request: CopyObjectRequest, source: ObjectRecord, sourceBucket: Bucket): void {
  if (source.size > copySizeBytesMax) {
    throw new GatewayError('InvalidRequest', {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${copySizeBytesMax}`,
    });
  }
  // A version that is named is brought back by such a copy.
  const isCurrent = request.source.versionId === null || sourceBucket.versioning === null;
  const isOntoItself =
    isCurrent && source.bucketId === request.bucket.id && source.key === request.key;
  if (!isOntoItself || request.metadataDirective === 'REPLACE') return;
  if (request.checksum) return;
  if (Object.keys(request.description.headers).some(changesCopy)) return;
  throw new GatewayError('InvalidRequest', {
    message:
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  });
}

function changesCopy(header: string): boolean {
  return header === 'x-amz-storage-class' || header === 'x-amz-website-redirect-location';
}
