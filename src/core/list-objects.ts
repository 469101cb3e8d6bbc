import type { ListedObject, ListObjectsPage } from '../object-index/object-index.ts';
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
  readonly fetchOwner: boolean;
}

export interface ListedKey extends ListedObject {
  /** Null unless owners were asked for. */
  readonly ownerName: string | null;
}

export interface KeysPage extends Omit<ListObjectsPage, 'objects'> {
  readonly objects: readonly ListedKey[];
}

/** One page of what sorts after `after`, a key or a common prefix. */
export async function listObjects(
  core: CoreServices,
  bucket: Bucket,
  request: ListRequest & { readonly after: string },
): Promise<KeysPage> {
  const page = await core.index.listObjects({
    bucketId: bucket.id,
    prefix: request.prefix,
    delimiter: request.delimiter,
    after: request.after,
    limit: Math.min(request.maxKeys, listedKeysMax),
  });
  const names = request.fetchOwner ? await ownerNames(core, page.objects) : null;
  const objects = page.objects.map((object) => ({
    ...object,
    ownerName: names && (names.get(object.ownerId) ?? ''),
  }));
  return { ...page, objects };
}

export interface TokenPage extends KeysPage {
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

/** Names of the users that own the objects, at most one look-up for each. */
async function ownerNames(
  core: CoreServices,
  objects: readonly ListedObject[],
): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const ownerId of new Set(objects.map((object) => object.ownerId))) {
    const user = await core.index.findUser(ownerId);
    if (user) names.set(ownerId, user.name);
  }
  return names;
}
