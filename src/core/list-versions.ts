import type { ListVersionsPage } from '../object-index/listing-requests.ts';
import type { Bucket } from '../object-index/records.ts';
import { GatewayError } from './errors.ts';
import { type ListRequest, listedKeysMax } from './list-objects.ts';
import type { CoreServices } from './services.ts';
import { isVersionId } from './version-id.ts';

/**
 * One page of all versions and delete markers behind the markers, newest first for each key; an
 * empty `versionIdMarker` passes over all versions of the key marker. Throws `InvalidArgument`.
 */
export async function listVersions(
  { index }: Pick<CoreServices, 'index'>,
  bucket: Bucket,
  request: ListRequest & { readonly keyMarker: string; readonly versionIdMarker: string },
): Promise<ListVersionsPage> {
  const { prefix, delimiter, keyMarker, versionIdMarker } = request;
  if (versionIdMarker !== '' && keyMarker === '') {
    throw badMarker(
      versionIdMarker,
      'A version-id marker cannot be specified without a key marker.',
    );
  }
  if (versionIdMarker !== '' && !isVersionId(versionIdMarker)) {
    throw badMarker(versionIdMarker, 'Invalid version id specified');
  }
  const limit = Math.min(request.maxKeys, listedKeysMax);
  const query = { bucketId: bucket.id, prefix, delimiter, keyMarker, versionIdMarker };
  return await index.listVersions({ ...query, limit });
}

function badMarker(versionIdMarker: string, message: string): GatewayError {
  return new GatewayError('InvalidArgument', {
    message,
    ArgumentName: 'version-id-marker',
    ArgumentValue: versionIdMarker,
  });
}
