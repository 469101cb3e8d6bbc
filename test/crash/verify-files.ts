import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseFileId } from '../../src/fastdfs/protocol/file-id.ts';
import { listStoredFiles } from '../support/cluster/list-stored-files.ts';
import { fileDigestsOf, md5Of, type SentContent } from './content.ts';
import { Violation } from './violation.ts';

/**
 * Compares the files of an embedded node with what the index refers to, while nothing is under
 * way. Throws for files that are missing, and for files that belong to nothing unless each is a
 * piece of content that was sent without an answer. Removes those and gives their names.
 */
export async function verifyFiles(
  storePath: string,
  referenced: ReadonlySet<string>,
  unanswered: readonly SentContent[],
): Promise<string[]> {
  const stored = new Set(await listStoredFiles(storePath));
  const needed = new Set([...referenced].map((fileId) => parseFileId(fileId).fileName));
  const missing = [...needed].filter((name) => !stored.has(name));
  if (missing.length > 0) {
    throw new Violation('files are missing that objects need', { missing: missing.slice(0, 10) });
  }
  const orphans = [...stored].filter((name) => !needed.has(name));
  const explained = new Set(orphans.length > 0 ? unanswered.flatMap(fileDigestsOf) : []);
  for (const name of orphans) {
    const path = join(storePath, 'data', name.replace(/^M00\//, ''));
    // Each accounts for one file.
    if (!explained.delete(md5Of(await readFile(path)))) {
      throw new Violation('a file belongs to nothing, and to no write without an answer', {
        path,
        orphans,
        unanswered,
      });
    }
    await rm(path);
  }
  return orphans;
}
