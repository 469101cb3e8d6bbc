import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseFileId } from '../../src/fastdfs/protocol/file-id.ts';
import { listStoredFiles } from '../support/cluster/list-stored-files.ts';
import { Violation } from './violation.ts';

/**
 * Compares the files of an embedded node with what the index refers to, while nothing is under
 * way. Throws for files that are missing, and when more of them belong to nothing than writes
 * without an answer can have left. Removes those and gives their names.
 */
export async function verifyFiles(
  storePath: string,
  referenced: ReadonlySet<string>,
  orphansMax: number,
): Promise<string[]> {
  const stored = new Set(await listStoredFiles(storePath));
  const needed = new Set([...referenced].map((fileId) => parseFileId(fileId).fileName));
  const missing = [...needed].filter((name) => !stored.has(name));
  if (missing.length > 0) {
    throw new Violation('files are missing that objects need', { missing: missing.slice(0, 10) });
  }
  const orphans = [...stored].filter((name) => !needed.has(name));
  if (orphans.length > orphansMax) {
    throw new Violation('more files belong to nothing than writes were under way', {
      orphansMax,
      orphans,
    });
  }
  for (const name of orphans) await rm(join(storePath, 'data', name.replace(/^M00\//, '')));
  return orphans;
}
