import type {
  Bucket,
  ObjectDescription,
  ObjectRecord,
  ObjectSubresources,
} from '../object-index/records.ts';
import type { PutObjectOutcome, WriteCondition } from '../object-index/write-requests.ts';
import { checkedDescription } from './descriptions.ts';
import { GatewayError } from './errors.ts';
import type { IncomingContent } from './incoming-content.ts';
import { checkKey } from './names.ts';
import { withDefaultRetention } from './object-lock.ts';
import { groupNameOf } from './placement.ts';
import { evaluateConditions } from './preconditions.ts';
import { checkQuotas, quotaExceeded } from './quotas.ts';
import type { Caller, CoreServices } from './services.ts';
import { type NamedFileOptions, type StoredContent, storeContent } from './store-content.ts';

/** Bytes of one PutObject or one part. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const putSizeBytesMax = 5 * 1024 ** 3;

export interface PutObjectRequest {
  readonly bucket: Bucket;
  readonly key: string;
  readonly caller: Pick<Caller, 'userId'>;
  /** Whose it will be; the caller's when left out. */
  readonly ownerId?: string;
  readonly description: ObjectDescription;
  readonly subresources?: Partial<ObjectSubresources>;
  readonly content: IncomingContent;
  /** Whether Kodo's hash is needed at once. */
  readonly needsQetag?: boolean;
  readonly condition?: WriteCondition;
  /** FastDFS group that must take the files; as bucket and storage class say when left out. */
  readonly groupName?: string;
  /** Makes one file of the content, which must not be empty, for people to know it by its ID. */
  readonly named?: NamedFileOptions;
  /**
   * Tells the key once that file is stored, or throws where the caller may not write it; `key` is
   * only looked at before then.
   */
  readonly keyOfFile?: (fileId: string) => Promise<string>;
  /** 5 GiB when left out. */
  readonly sizeBytesMax?: number;
  /** Of an object that comes from elsewhere: what it keeps. */
  readonly kept?: KeptFacts;
  readonly signal: AbortSignal;
}

/** What is left out is worked out, as for any new object. */
interface KeptFacts {
  readonly etag?: string;
  readonly qetag?: string;
  readonly lastModifiedMs?: number;
}

/**
 * Stores an object under its key. When it resolves, the object is durable and every read sees it;
 * when it rejects, nothing became visible and whatever was stored is queued for deletion.
 *
 * Throws `EntityTooLarge`, `KeyTooLongError`, `MetadataTooLarge`, `InvalidStorageClass`,
 * `PreconditionFailed`, `NoSuchKey` (If-Match without an object), `NoSuchBucket`, and what is
 * wrong with the body.
 */
export async function putObject(
  core: CoreServices,
  request: PutObjectRequest,
): Promise<ObjectRecord> {
  const { bucket, key, content, condition } = request;
  checkKey(key);
  checkPutSize(content.size, request.sizeBytesMax);
  const description = checkedDescription(request.description);
  const groupName = request.groupName ?? groupNameOf(core.settings, bucket, description);
  await checkEarly(core, bucket, key, { size: content.size, condition });
  const { signal, needsQetag = false, named = null } = request;
  const storeOptions = { signal, needsQetag, groupName, named };
  return await storeContent(core, content, storeOptions, async (stored) => {
    const writtenKey = await keyOfFile(request, stored);
    const lastModifiedMs = core.now();
    const object = {
      ...description,
      ...withDefaultRetention(bucket, request.subresources, lastModifiedMs),
      ...stored,
      bucketId: bucket.id,
      key: writtenKey,
      ...(named && { isNamed: true }),
      ownerId: request.ownerId ?? request.caller.userId,
      lastModifiedMs,
      ...request.kept,
    };
    return publishedObject(await core.index.putObject(object, condition), bucket, writtenKey);
  });
}

async function keyOfFile(
  { key, keyOfFile }: PutObjectRequest,
  { segments }: StoredContent,
): Promise<string> {
  if (!keyOfFile) return key;
  const [file, ...others] = segments;
  if (!file || others.length > 0) throw new Error(`${segments.length} files cannot name a key.`);
  const written = await keyOfFile(file.fileId);
  checkKey(written);
  return written;
}

/**
 * Throws what the transaction would refuse if it ran now: a condition that does not hold, a quota
 * that is used up. The client need not send its body then; whatever passes is decided later.
 */
export async function checkEarly(
  core: Pick<CoreServices, 'index'>,
  bucket: Bucket,
  key: string,
  { size, condition }: { readonly size: number; readonly condition?: WriteCondition | undefined },
): Promise<void> {
  if (condition?.ifMatch || condition?.ifNoneMatch) {
    const newest = await core.index.findObject(bucket.id, key);
    const current = newest?.isDeleteMarker ? null : newest;
    if (!current && condition.ifMatch) throw new GatewayError('NoSuchKey', { Key: key });
    const verdict = current && evaluateConditions(condition, current).verdict;
    if (current && verdict !== 'proceed') throw failedWriteCondition();
  }
  await checkQuotas(core, bucket, key, size);
}

function failedWriteCondition(): GatewayError {
  return new GatewayError('PreconditionFailed', { Condition: 'If-Match or If-None-Match' });
}

/** Throws `EntityTooLarge` above the bound: 5 GiB, as for any PUT, when left out. */
export function checkPutSize(size: number, sizeBytesMax = putSizeBytesMax): void {
  if (size > sizeBytesMax) {
    throw new GatewayError('EntityTooLarge', {
      ProposedSize: size,
      MaxSizeAllowed: sizeBytesMax,
    });
  }
}

/** The object that a write made visible; throws what else the index answered. */
export function publishedObject(
  outcome: PutObjectOutcome,
  bucket: Bucket,
  key: string,
): ObjectRecord {
  switch (outcome.outcome) {
    case 'stored':
      return outcome.object;
    case 'no-such-bucket':
      throw new GatewayError('NoSuchBucket', { BucketName: bucket.name });
    case 'no-such-key':
      throw new GatewayError('NoSuchKey', { Key: key });
    case 'precondition-failed':
      throw failedWriteCondition();
    case 'quota-exceeded':
      throw quotaExceeded(outcome);
    case 'same-content':
      // Whoever asks for it looks for it before.
      throw new Error('The object has this content already.');
  }
}
