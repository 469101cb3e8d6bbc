import type { Bucket } from '../object-index/records.ts';
import type { ListObjectsPage } from '../object-index/requests.ts';
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
}

/** One page of what sorts after `after`, a key or a common prefix. */
export async function listObjects(
  core: CoreServices,
  bucket: Bucket,
  request: ListRequest & { readonly after: string },
): Promise<ListObjectsPage> {
  const { prefix, delimiter, after } = request;
  const limit = Math.min(request.maxKeys, listedKeysMax);
  return await core.index.listObjects({ bucketId: bucket.id, prefix, delimiter, after, limit });
}

export interface TokenPage extends ListObjectsPage {
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
