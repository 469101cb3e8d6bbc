import { constants, existsSync, rmSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileStore } from '../../../src/fastdfs/server/file-store.ts';
import type { FileChange } from '../../../src/fastdfs/server/storage-context.ts';

/** Does on a replica what a client did on another storage server. */
export async function applyChange(
  change: FileChange,
  from: FileStore,
  to: FileStore,
): Promise<void> {
  switch (change.kind) {
    case 'create':
    case 'update':
      return await copyStoredFile(change.fileName, from, to, change.kind === 'update');
    case 'metadata':
      return await copyMetadata(change.fileName, from, to);
    case 'delete':
      return await deleteIfThere(change.fileName, to);
    case 'rename':
      await deleteIfThere(change.fileName, to);
      await copyStoredFile(change.newName, from, to, false);
  }
}

/** A file that is gone by now was deleted since, and never appears elsewhere. */
export async function copyStoredFile(
  fileName: string,
  from: FileStore,
  to: FileStore,
  overwrites = false,
): Promise<void> {
  if (!from.exists(fileName) || (!overwrites && to.exists(fileName))) return;
  const staged = to.stage();
  await staged.close(false);
  try {
    await copyFile(pathOf(from, fileName), staged.path, constants.COPYFILE_FICLONE);
    if (overwrites && to.exists(fileName)) await rename(staged.path, pathOf(to, fileName));
    else await to.publish(staged, fileName);
  } catch (error) {
    staged.discard();
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  staged.discard();
}

export async function copyMetadata(
  fileName: string,
  from: FileStore,
  to: FileStore,
): Promise<void> {
  if (!to.exists(fileName)) return;
  const source = `${pathOf(from, fileName)}-m`;
  if (existsSync(source)) await copyFile(source, `${pathOf(to, fileName)}-m`);
  else rmSync(`${pathOf(to, fileName)}-m`, { force: true });
}

async function deleteIfThere(fileName: string, store: FileStore): Promise<void> {
  if (store.exists(fileName)) await store.delete(fileName);
}

function pathOf(store: FileStore, fileName: string): string {
  return join(store.dataPath, fileName.slice('M00/'.length));
}
