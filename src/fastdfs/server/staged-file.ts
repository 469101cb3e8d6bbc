import { closeSync, fdatasync, openSync, unlinkSync, write, writeSync, writev } from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from '@node-rs/crc32';

const fdatasyncAsync = promisify(fdatasync);
const writeAsync = promisify(write);
const writevAsync = promisify(writev);

/**
 * Up to this many bytes are written without leaving the thread: into the page cache that is
 * several times cheaper than a round trip through the thread pool. The node has a thread of its own.
 */
const SYNCHRONOUS_WRITE_BYTES_MAX = 256 * 1024;

/** More buffers than this are joined first: the system takes 1024 at a time at most. */
const BUFFERS_PER_WRITE_MAX = 256;

/** Writes all bytes of the buffers at `position`. Fails with the system's error. */
export async function writeFully(fd: number, chunks: Buffer[], position: number): Promise<void> {
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const [first] = chunks;
  if (first === undefined || size === 0) return;
  if (size <= SYNCHRONOUS_WRITE_BYTES_MAX) {
    const bytes = chunks.length === 1 ? first : Buffer.concat(chunks, size);
    for (let done = 0; done < size; ) {
      done += writeSync(fd, bytes, done, size - done, position + done);
    }
    return;
  }
  if (chunks.length <= BUFFERS_PER_WRITE_MAX) {
    const { bytesWritten } = await writevAsync(fd, chunks, position);
    if (bytesWritten === size) return;
    await writeRest(fd, Buffer.concat(chunks, size), bytesWritten, position);
    return;
  }
  await writeRest(fd, Buffer.concat(chunks, size), 0, position);
}

/** A full disk shows as a short write first and as ENOSPC in the next one. */
async function writeRest(fd: number, bytes: Buffer, from: number, position: number) {
  for (let done = from; done < bytes.length; ) {
    const rest = bytes.length - done;
    const { bytesWritten } = await writeAsync(fd, bytes, done, rest, position + done);
    done += bytesWritten;
  }
}

/** Called before bytes are written; throws when a test wants the disk to be full. */
export type BeforeWrite = (byteCount: number) => void;

/**
 * A file under way: bytes go to a temporary name and get their final one only when all are there.
 * Either `close` (then someone links it) or `discard` must be called.
 */
export class StagedFile {
  readonly path: string;
  #fd: number | null;
  #size = 0;
  #crc32 = 0;
  readonly #beforeWrite: BeforeWrite;

  constructor(path: string, beforeWrite: BeforeWrite) {
    this.path = path;
    this.#beforeWrite = beforeWrite;
    this.#fd = openSync(path, 'wx', 0o644);
  }

  get size(): number {
    return this.#size;
  }

  get crc32(): number {
    return this.#crc32;
  }

  /** Appends the buffers, which must stay unchanged until it resolves. */
  async write(chunks: Buffer[]): Promise<void> {
    if (this.#fd === null) throw new Error(`${this.path} is closed`);
    let size = 0;
    for (const chunk of chunks) {
      this.#crc32 = crc32(chunk, this.#crc32);
      size += chunk.length;
    }
    this.#beforeWrite(size);
    await writeFully(this.#fd, chunks, this.#size);
    this.#size += size;
  }

  /** Ends the writing; with `durable` the bytes are on disk when it resolves. */
  async close(durable: boolean): Promise<void> {
    const fd = this.#fd;
    if (fd === null) return;
    try {
      if (durable) await fdatasyncAsync(fd);
    } finally {
      this.#fd = null;
      closeSync(fd);
    }
  }

  /** Leaves nothing behind. Never throws: what cannot be removed now is removed at the next start. */
  discard(): void {
    try {
      if (this.#fd !== null) closeSync(this.#fd);
    } catch {
      // The descriptor is gone in any case.
    }
    this.#fd = null;
    try {
      unlinkSync(this.path);
    } catch {
      // Linked and removed already, or removed at the next start.
    }
  }
}
