import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { Purger } from './purger.ts';

/**
 * Purges a file once more when it is deleted, which waits for all who read it: an answer that was
 * under way at the first time went into the caches after it.
 */
export function purgeAfterDeletion(
  blobs: Pick<BlobStore, 'delete'>,
  purger: Purger,
): Pick<BlobStore, 'delete'> {
  return {
    async delete(fileId, options) {
      await blobs.delete(fileId, options);
      purger.purgeFile(fileId);
    },
  };
}
