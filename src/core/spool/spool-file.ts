import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

const namePattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.spool$/;

export function isSpoolFileName(name: string): boolean {
  return namePattern.test(name);
}

/** A file without a name, which is gone with its process. Throws what the file system throws. */
export class SpoolFile {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async create(directory: string): Promise<SpoolFile> {
    const path = join(directory, `${randomUUID()}.spool`);
    const handle = await openNew(path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(directory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
      return await openNew(path);
    });
    try {
      await rm(path, { force: true });
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new SpoolFile(handle);
  }

  async write(bytes: Buffer, position: number): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const rest = bytes.length - written;
      const { bytesWritten } = await this.#handle.write(bytes, written, rest, position + written);
      written += bytesWritten;
    }
  }

  /** Bytes that have been written: exactly `size` of them. */
  async read(position: number, size: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(size);
    for (let filled = 0; filled < size; ) {
      const { bytesRead } = await this.#handle.read(
        bytes,
        filled,
        size - filled,
        position + filled,
      );
      if (bytesRead === 0) throw new Error('A file of the spool is shorter than what was written.');
      filled += bytesRead;
    }
    return bytes;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function openNew(path: string): Promise<FileHandle> {
  return open(path, 'wx+', OWNER_ONLY_FILE);
}
