import { crc32 } from 'node:zlib';
import {
  BlobStoreError,
  type FileCopy,
  type FileDescription,
} from '../../blob-store/blob-store.ts';
import type { FileReference } from '../../object-index/file-records.ts';
import { Pace } from '../pace.ts';
import type { CoreServices } from '../services.ts';

/**
 * - `ask`: its source is asked for the file and its size, and the others of the group when that
 *   does not have it. A storage server tells no CRC-32 but the one in the name.
 * - `read`: besides, all bytes of one copy are read, and of another one when they are wrong.
 * - `read-all`: all bytes of every copy are read.
 */
export type CheckLevel = 'ask' | 'read' | 'read-all';

/**
 * - `sound`: a copy is as it must be, as far as was looked.
 * - `missing`: all storage servers of the group answer, and none has it.
 * - `damaged`: no copy is as it must be.
 * - `wrong-range`: the index refers to bytes that the file does not have.
 * - `copy-damaged`: a copy is sound, and another one is not.
 * - `unknown`: too few storage servers answer.
 */
export type DataVerdict =
  | 'sound'
  | 'missing'
  | 'damaged'
  | 'wrong-range'
  | 'copy-damaged'
  | 'unknown';

export interface FileCheckOptions {
  readonly level: CheckLevel;
  /** Of all that is read together. */
  readonly bytesPerSecond: number;
}

export interface FileLook {
  readonly verdict: DataVerdict;
  /** What follows the file ID in a sentence; empty when nothing is wrong. */
  readonly problem: string;
  readonly bytesRead: number;
}

/** Looks at one file on FastDFS. */
export class FileCheck {
  readonly #blobs: CoreServices['blobs'];
  readonly #level: CheckLevel;
  readonly #bandwidth: Pace;

  constructor({ blobs }: Pick<CoreServices, 'blobs'>, { level, bytesPerSecond }: FileCheckOptions) {
    this.#blobs = blobs;
    this.#level = level;
    this.#bandwidth = new Pace(bytesPerSecond);
  }

  /** Rejects with the signal's reason only. */
  async look(
    fileId: string,
    references: readonly FileReference[],
    signal: AbortSignal,
  ): Promise<FileLook> {
    try {
      const description = this.#blobs.describeFile(fileId);
      const wrong = references.find((reference) => !isInside(reference, description));
      if (wrong) return outOfRange(wrong, description);
      const isOneEnough = this.#level !== 'read-all';
      const copies = await this.#blobs.findCopies(fileId, { signal, isOneEnough });
      return await this.#lookAtCopies(fileId, description, copies, signal);
    } catch (error) {
      signal.throwIfAborted();
      const problem = error instanceof Error ? error.message : String(error);
      const isMissing = error instanceof BlobStoreError && error.reason === 'not-found';
      return { verdict: isMissing ? 'missing' : 'unknown', problem, bytesRead: 0 };
    }
  }

  async #lookAtCopies(
    fileId: string,
    description: FileDescription,
    asked: readonly FileCopy[],
    signal: AbortSignal,
  ): Promise<FileLook> {
    if (this.#level === 'ask' || description.content === null) return judge(asked, 0);
    const read = await this.#read(fileId, description.content, asked, signal);
    const isAnySound = read.copies.some(({ state }) => state === 'present');
    if (isAnySound || asked.length > 1) return judge(read.copies, read.bytesRead);
    // The source alone was asked, and what it has is wrong.
    const all = await this.#blobs.findCopies(fileId, { signal });
    const others = all.filter(({ server }) => server !== asked[0]?.server);
    const more = await this.#read(fileId, description.content, others, signal);
    return judge([...read.copies, ...more.copies], read.bytesRead + more.bytesRead);
  }

  /** What the copies are, now that their bytes are known: of one sound copy, or of all. */
  async #read(
    fileId: string,
    content: Content,
    copies: readonly FileCopy[],
    signal: AbortSignal,
  ): Promise<{ readonly copies: readonly FileCopy[]; readonly bytesRead: number }> {
    const read: FileCopy[] = [];
    let bytesRead = 0;
    let isSound = false;
    for (const copy of copies) {
      if (copy.state !== 'present' || (isSound && this.#level !== 'read-all')) {
        read.push(copy);
        continue;
      }
      const looked = await this.#readCopy(fileId, content, copy, signal);
      isSound ||= looked.copy.state === 'present';
      bytesRead += looked.bytesRead;
      read.push(looked.copy);
    }
    return { copies: read, bytesRead };
  }

  async #readCopy(
    fileId: string,
    content: Content,
    copy: FileCopy,
    signal: AbortSignal,
  ): Promise<{ readonly copy: FileCopy; readonly bytesRead: number }> {
    let size = 0;
    let sum = 0;
    try {
      for await (const chunk of await this.#blobs.openCopy(fileId, copy.server, { signal })) {
        size += chunk.length;
        sum = crc32(chunk, sum);
        // An endless file would be read for ever.
        if (size > content.size) break;
        await this.#bandwidth.next(signal, chunk.length);
      }
    } catch (error) {
      signal.throwIfAborted();
      const isGone = error instanceof BlobStoreError && error.reason === 'not-found';
      const problem = error instanceof Error ? error.message : String(error);
      return { copy: { ...copy, state: isGone ? 'missing' : 'unknown', problem }, bytesRead: size };
    }
    if (size === content.size && sum === content.crc32) return { copy, bytesRead: size };
    const problem =
      size === content.size ? 'its bytes have another CRC-32' : 'it has another number of bytes';
    return { copy: { ...copy, state: 'damaged', problem }, bytesRead: size };
  }
}

type Content = NonNullable<FileDescription['content']>;

function isInside(
  { fileOffset, size, isWholeFile }: FileReference,
  { content }: FileDescription,
): boolean {
  if (content === null) return true;
  return isWholeFile ? size === content.size : fileOffset + size <= content.size;
}

function outOfRange(
  { fileOffset, size, isWholeFile }: FileReference,
  { content }: FileDescription,
): FileLook {
  const wanted = isWholeFile ? `${size} bytes` : `${size} bytes from byte ${fileOffset} on`;
  const problem = `has ${content?.size} bytes, and the index wants ${wanted} of it`;
  return { verdict: 'wrong-range', problem, bytesRead: 0 };
}

function judge(copies: readonly FileCopy[], bytesRead: number): FileLook {
  const has = (state: FileCopy['state']) => copies.some((copy) => copy.state === state);
  const problem = copies
    .filter(({ state }) => state !== 'present')
    .map((copy) => `is ${copy.state} on ${copy.server}${copy.problem ? ` (${copy.problem})` : ''}`)
    .join(', ');
  if (has('present')) {
    const verdict = has('damaged') ? 'copy-damaged' : 'sound';
    return { verdict, problem, bytesRead };
  }
  if (copies.length === 0 || has('unknown')) {
    return { verdict: 'unknown', problem: problem || 'is in an unknown group', bytesRead };
  }
  return { verdict: has('damaged') ? 'damaged' : 'missing', problem, bytesRead };
}
