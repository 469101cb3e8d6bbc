import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import { GatewayError } from '../errors.ts';
import { describedObject } from '../origin/described-object.ts';
import { OriginError } from '../origin/origin.ts';
import { putObject } from '../put-object.ts';
import type { CoreServices } from '../services.ts';
import type { MirrorSource, SourceBody } from './mirror-source.ts';
import { resumedBody } from './resumed-body.ts';

/** Bytes of an object of S3. */
const objectSizeBytesMax = 5 * 1024 ** 4;
const attemptsMax = 3;

export interface Transfer {
  readonly bucket: Bucket;
  readonly source: MirrorSource;
  readonly sourceKey: string;
  /** Where it goes. */
  readonly key: string;
  /** What was there when they were compared: another one by now stays. */
  readonly replaced: ObjectRecord | null;
}

/** `changed`: somebody wrote or deleted the key here meanwhile. */
export type TransferOutcome = 'copied' | 'gone' | 'changed';

/**
 * Copies one object with its description, its ETag and its time. Tries again what may pass. Throws
 * what is wrong with the source or with what is stored.
 */
export async function transfer(
  core: CoreServices,
  request: Transfer,
  signal: AbortSignal,
): Promise<TransferOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const opened = await request.source.open(request.sourceKey, signal);
      if (!opened) return 'gone';
      await store(core, request, opened, signal);
      return 'copied';
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof GatewayError && error.code === 'PreconditionFailed') return 'changed';
      if (error instanceof GatewayError && error.code === 'NoSuchKey') return 'changed';
      if (attempt === attemptsMax || !isPassing(error)) throw error;
    }
  }
}

async function store(
  core: CoreServices,
  { bucket, source, sourceKey, key, replaced }: Transfer,
  opened: SourceBody,
  signal: AbortSignal,
): Promise<void> {
  const { head, tags } = opened;
  const object = describedObject(bucket, key, head, core.now());
  if (!object) {
    opened.body.destroy();
    throw new OriginError('refused', 'The source tells neither the size nor the ETag.');
  }
  const { size, etag, lastModifiedMs } = object;
  try {
    await putObject(core, {
      bucket,
      key,
      caller: { userId: bucket.ownerId },
      description: head.description,
      subresources: { tags },
      content: {
        size,
        checksumAlgorithm: null,
        declaresSha256: false,
        open: () => resumedBody(source, sourceKey, opened, signal),
        declared: () => (head.md5 ? { md5: head.md5 } : {}),
      },
      condition: conditionOn(replaced),
      kept: { etag, lastModifiedMs },
      sizeBytesMax: objectSizeBytesMax,
      signal,
    });
  } finally {
    opened.body.destroy();
  }
}

function conditionOn(replaced: ObjectRecord | null) {
  if (!replaced) return { ifUnwritten: true };
  return replaced.isDeleteMarker ? { ifNoneMatch: ['*'] } : { ifMatch: [replaced.etag] };
}

const passingCodes: ReadonlySet<string> = new Set([
  'BadDigest',
  'IncompleteBody',
  'ServiceUnavailable',
  'SlowDown',
]);

function isPassing(error: unknown): boolean {
  if (error instanceof GatewayError) return passingCodes.has(error.code);
  if (error instanceof OriginError) return error.reason !== 'refused';
  return true;
}
