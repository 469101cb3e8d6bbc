import { ensureQetag } from '../../core/kodo/ensure-qetag.ts';
import type { CoreServices } from '../../core/services.ts';
import type { Bucket } from '../../object-index/records.ts';

/**
 * Before an upload that replaces nothing: makes sure that the hash of what is there is known, since
 * the transaction compares hashes. Objects that came in by other doors may have none so far; those of
 * another size need none.
 */
export async function knowContent(
  core: CoreServices,
  { bucket, key, size }: { readonly bucket: Bucket; readonly key: string; readonly size: number },
): Promise<void> {
  const current = await core.index.findObject(bucket.id, key);
  if (!current || current.isDeleteMarker || current.qetag !== null) return;
  if (current.size === size) await ensureQetag(core, current);
}
