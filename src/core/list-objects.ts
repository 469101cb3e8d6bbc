import type { ListedObject } from '../object-index/listing-requests.ts';
import type { Bucket } from '../object-index/records.ts';
import { parsePageToken, renderPageToken } from './page-token.ts';
import type { CoreServices } from './services.ts';

/** Keys and common prefixes of one page; a larger max-keys is taken as this. */
export const listedKeysMax = 1000;

export interface ListRequest {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  /** At least 0; 1000 counts for more. */
  readonly maxKeys: number;
  /** For Kodo, see `ListObjectsRequest`. */
  readonly hasDetails?: boolean;
  readonly includesEmptyKey?: boolean;
}

export interface ObjectsPage {
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  /** `after` of the next page when more may follow. */
  readonly nextAfter: string | null;
}

/**
 * Ends a marker inside a common prefix that does not pass over the rest of it: nothing but delete
 * markers was found there up to that key. No listing gives a key of a common prefix as a marker
 * otherwise, so that one which ended like this would at most let its prefix be told twice.
 */
const insidePrefix = '\u{10ffff}inside\u{10ffff}';

/** The key behind which such a marker goes on; null for any other marker. */
function placeInside({ prefix, delimiter }: ListRequest, after: string): string | null {
  if (delimiter === '' || !after.endsWith(insidePrefix) || !after.startsWith(prefix)) return null;
  const key = after.slice(0, -insidePrefix.length);
  return key.indexOf(delimiter, prefix.length) === -1 ? null : key;
}

/** An empty page goes on behind so many stretches of deleted keys, 20,000 each. */
const stretchesMax = 50;

/**
 * One page of what sorts after `after`, a key or a common prefix. Behind very many deleted keys it
 * may hold less than was asked for and be truncated, as AWS's pages are. It is not empty for as
 * long as that takes a second or so: clients look with max-keys=1 whether there is anything.
 */
export async function listObjects(
  core: CoreServices,
  bucket: Bucket,
  request: ListRequest & { readonly after: string },
): Promise<ObjectsPage> {
  const { prefix, delimiter, after, hasDetails = false, includesEmptyKey = false } = request;
  const limit = Math.min(request.maxKeys, listedKeysMax);
  const wanted = { hasDetails, includesEmptyKey };
  const query = { bucketId: bucket.id, prefix, delimiter, after, ...wanted };
  const place = placeInside(request, after);
  let page = await core.index.listObjects({ ...query, limit, resumeAfter: place });
  let { objects, commonPrefixes } = page;
  for (let stretches = 1; page.resumeAfter !== null; stretches += 1) {
    const count = objects.length + commonPrefixes.length;
    if (stretches >= stretchesMax || (count > 0 && page.nextAfter !== null)) {
      const nextAfter = page.nextAfter ?? `${page.resumeAfter}${insidePrefix}`;
      return { objects, commonPrefixes, nextAfter };
    }
    // Not all stretches at once: other listings have their turns in between.
    const { resumeAfter } = page;
    page = await core.index.listObjects({ ...query, limit: limit - count, resumeAfter });
    objects = [...objects, ...page.objects];
    commonPrefixes = [...commonPrefixes, ...page.commonPrefixes];
  }
  return { objects, commonPrefixes, nextAfter: page.nextAfter };
}

export interface TokenPage extends ObjectsPage {
  /** Opaque; null when no more follow. */
  readonly nextToken: string | null;
}

/**
 * As `listObjects`, continued by tokens. A token counts before `startAfter`. Throws
 * `InvalidArgument` for a token of another listing.
 */
export async function listObjectsByToken(
  core: CoreServices,
  bucket: Bucket,
  request: ListRequest & { readonly token: string | null; readonly startAfter: string },
): Promise<TokenPage> {
  const use = ['ListObjectsV2', bucket.id, request.prefix, request.delimiter];
  const after = request.token === null ? request.startAfter : parsePageToken(use, request.token);
  const page = await listObjects(core, bucket, { ...request, after });
  const nextToken = page.nextAfter === null ? null : renderPageToken(use, page.nextAfter);
  return { ...page, nextToken };
}
