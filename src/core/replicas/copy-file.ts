import { setTimeout } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { BlobStoreError, type FileDescription } from '../../blob-store/blob-store.ts';
import type { CoreServices } from '../services.ts';
import { StoredFiles } from '../stored-files.ts';

type CopyServices = Pick<CoreServices, 'blobs' | 'orphans' | 'logger' | 'now'>;

/** A file with the bytes of another one, and the key to what becomes of it. */
export interface NewCopy {
  readonly fileId: string;
  /** Told to keep or to discard it. */
  readonly files: StoredFiles;
}

/**
 * Reads a file, checks its size and CRC-32 against its ID, and stores it anew in its own group, or
 * in another one where that cannot take it. Rejects with `BlobStoreError` or the signal's reason;
 * what was stored meanwhile is queued for deletion then.
 */
export async function copyFile(
  core: CopyServices,
  fileId: string,
  signal: AbortSignal,
): Promise<NewCopy> {
  const description = core.blobs.describeFile(fileId);
  try {
    return await copyTo(core, fileId, description, description.groupName, signal);
  } catch (error) {
    const isGroupAtFault =
      error instanceof BlobStoreError &&
      (error.reason === 'unavailable' || error.reason === 'no-space');
    if (!isGroupAtFault) throw error;
    return await copyTo(core, fileId, description, null, signal);
  }
}

async function copyTo(
  core: CopyServices,
  fileId: string,
  { content }: FileDescription,
  groupName: string | null,
  signal: AbortSignal,
): Promise<NewCopy> {
  if (content === null) {
    throw new BlobStoreError('corrupt', `the name of ${fileId} does not tell what it must hold`);
  }
  const { size } = content;
  const files = new StoredFiles(core);
  const source = await core.blobs.open([{ fileId, offset: 0, size }], { signal });
  try {
    const stored = await core.blobs.storeStream(verified(source, fileId, content), size, {
      ...{ signal, groupName, isOneFile: true },
      onStored: (file) => files.add(file.fileId),
    });
    await files.dropAllBut(stored);
    const [file] = stored;
    if (!file || stored.length > 1)
      throw new Error(`${fileId} was stored as ${stored.length} files`);
    return { fileId: file.fileId, files };
  } catch (error) {
    await files.discard();
    throw error;
  } finally {
    source.destroy();
  }
}

/** The last chunk is held back until all is verified, so that no file is made of damaged bytes. */
async function* verified(
  source: AsyncIterable<Buffer>,
  fileId: string,
  expected: { readonly size: number; readonly crc32: number },
): AsyncGenerator<Buffer, void, void> {
  let held: Buffer | null = null;
  let size = 0;
  let sum = 0;
  for await (const chunk of source) {
    if (held) yield held;
    held = chunk;
    size += chunk.length;
    sum = crc32(chunk, sum);
  }
  if (size !== expected.size || sum !== expected.crc32) {
    throw new BlobStoreError('corrupt', `the copy that was read of ${fileId} is damaged`);
  }
  if (held) yield held;
}

/** Rest between two questions, longer by half each time. */
const POLL_MS_MIN = 100;
const POLL_MS_MAX = 2_000;

/** Resolves when two storage servers have the file; rejects when that takes longer than it may. */
export async function waitForSecondCopy(
  { blobs }: Pick<CoreServices, 'blobs'>,
  fileId: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const endMs = performance.now() + waitMs;
  for (let restMs = POLL_MS_MIN; ; restMs = Math.min(restMs * 1.5, POLL_MS_MAX)) {
    const copies = await blobs.findCopies(fileId, { signal });
    if (copies.filter(({ state }) => state === 'present').length >= 2) return;
    if (copies.length === 1 || performance.now() > endMs) {
      const seconds = Math.round(waitMs / 1000);
      const problem =
        copies.length === 1
          ? 'is in a group of one storage server'
          : `has one copy after ${seconds} s`;
      throw new BlobStoreError(
        'unavailable',
        `${fileId}, which was stored in its place, ${problem}`,
      );
    }
    await setTimeout(restMs, null, { signal });
  }
}
