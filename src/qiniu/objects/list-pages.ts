import { authorize, getBucket } from '../../core/access/access.ts';
import { ensureQetag, prepareQetag } from '../../core/kodo/ensure-qetag.ts';
import { listObjects } from '../../core/list-objects.ts';
import type { CoreServices } from '../../core/services.ts';
import type { ListedObject } from '../../object-index/listing-requests.ts';
import type { Bucket } from '../../object-index/records.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuServices } from '../operation.ts';
import { describeListed } from './describe-object.ts';
import { parseMarker } from './list-marker.ts';

export const listedMax = 1000;

/** Objects of a page whose hash is read from their bytes before the page is answered. */
const hashedObjectsMax = 100;
const hashedSizeBytesMax = 16 * 1024 * 1024;

export interface ListArguments {
  readonly bucket: Bucket;
  readonly prefix: string;
  readonly delimiter: string;
  /** Null for the beginning. */
  readonly after: string | null;
}

export interface Page {
  readonly items: readonly ReturnType<typeof describeListed>[];
  readonly commonPrefixes: readonly string[];
  /** Null at the end. */
  readonly nextAfter: string | null;
}

/** What both listings are asked for, an empty parameter like none. Throws 400, 631, 640 and 403. */
export async function listArguments(
  { target: { query }, access, concerns }: QiniuRequest,
  { core }: QiniuServices,
): Promise<ListArguments> {
  const bucketName = query.get('bucket') ?? '';
  if (bucketName === '') throw new QiniuError(400, 'invalid argument: bucket');
  concerns(bucketName, null);
  const bucket = await getBucket(core, bucketName);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const conditions = {
    's3:prefix': [prefix],
    's3:delimiter': delimiter === '' ? [] : [delimiter],
    's3:max-keys': [],
  };
  await authorize(core, access, 's3:ListBucket', { bucket, conditions });
  return { bucket, prefix, delimiter, after: parseMarker(query.get('marker')) };
}

/** A page of at most `limit` objects and common prefixes together. */
export async function listPage(
  core: CoreServices,
  { bucket, prefix, delimiter, after }: ListArguments,
  limit: number,
): Promise<Page> {
  const { objects, commonPrefixes, nextAfter } = await listObjects(core, bucket, {
    ...{ prefix, delimiter, after: after ?? '', maxKeys: limit },
    ...{ hasDetails: true, includesEmptyKey: after === null },
  });
  const hashes = await hashesOf(core, bucket, objects);
  const nowMs = core.now();
  const items = objects.map((object) =>
    describeListed(object, object.details?.qetag ?? hashes.get(object.key) ?? '', nowMs),
  );
  return { items, commonPrefixes, nextAfter };
}

/**
 * Hashes that no object has yet, of small objects as far as a page may take; others are read in the
 * background and listed with an empty hash until then.
 */
async function hashesOf(
  core: CoreServices,
  bucket: Bucket,
  objects: readonly ListedObject[],
): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  let count = 0;
  let sizeBytes = 0;
  const reads: Promise<void>[] = [];
  for (const { key, size, details } of objects) {
    if (details?.qetag !== null) continue;
    const fits = count < hashedObjectsMax && sizeBytes + size <= hashedSizeBytesMax;
    if (fits) {
      count += 1;
      sizeBytes += size;
    }
    reads.push(hashOf(core, bucket, key, fits, hashes));
  }
  await Promise.all(reads);
  return hashes;
}

/** An object that cannot be read now is listed all the same. */
async function hashOf(
  core: CoreServices,
  bucket: Bucket,
  key: string,
  isAwaited: boolean,
  hashes: Map<string, string>,
): Promise<void> {
  const object = await core.index.findObject(bucket.id, key);
  if (!object || object.isDeleteMarker) return;
  if (!isAwaited) return prepareQetag(core, object);
  try {
    const hash = await ensureQetag(core, object);
    if (hash !== null) hashes.set(key, hash);
  } catch (error) {
    core.logger.warn({ err: error, objectId: object.id }, 'an object is listed without its qetag');
  }
}
