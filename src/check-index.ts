import { randomBytes } from 'node:crypto';
import { checkIndex } from './object-index/check/check-index.ts';
import type { CheckListener } from './object-index/check/damage.ts';
import { openSnapshot, type SnapshotOptions, takeSnapshot } from './object-index/check/snapshot.ts';

/**
 * Checks an index as it is now, in a copy beside `besidePath` that is gone afterwards. Rejects when
 * there is no such database or no space for the copy, and with the signal's reason.
 */
export async function checkIndexFile(
  path: string,
  besidePath: string,
  listener: CheckListener,
  options: SnapshotOptions,
): Promise<void> {
  const copyPath = `${besidePath}.fsck-${randomBytes(4).toString('hex')}`;
  await takeSnapshot(path, copyPath, options);
  const database = openSnapshot(copyPath);
  try {
    checkIndex(database, listener);
  } finally {
    database.close();
  }
}
