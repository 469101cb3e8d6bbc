import { closeSync, fdatasync, fstatSync, ftruncateSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from '@node-rs/crc32';
import { decodeFileName } from '../protocol/file-name-fields.ts';
import type { ContentSource } from './content-source.ts';
import type { FileNaming } from './file-naming.ts';
import type { FileStore, OpenFile } from './file-store.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import { writeFully } from './staged-file.ts';

const fdatasyncAsync = promisify(fdatasync);
const readAsync = promisify(read);

const CHECKSUM_READ_BYTES = 1024 * 1024;

/** Files that grow and change: append, modify, truncate, and their way to a normal file. */
export class AppenderFiles {
  readonly #store: FileStore;
  readonly #naming: FileNaming;

  constructor(store: FileStore, naming: FileNaming) {
    this.#store = store;
    this.#naming = naming;
  }

  /** Cuts the file back to its old size when the client vanishes or the disk is full. */
  async append(fileName: string, content: ContentSource): Promise<void> {
    this.#requireRoom(content.bytesLeft);
    await this.#change(fileName, content, ({ size }) => size);
  }

  /** `offset` must not be beyond the end, else 22. What is written past the end extends the file. */
  async modify(fileName: string, offset: number, content: ContentSource): Promise<void> {
    await this.#change(fileName, content, ({ size }) => {
      if (offset > size) throw new RefusedRequest(errno.EINVAL, `offset ${offset} beyond ${size}`);
      this.#requireRoom(offset + content.bytesLeft - size);
      return offset;
    });
  }

  /** A larger size extends the file with zero bytes. False when it has that size already. */
  async truncate(fileName: string, newSize: number): Promise<boolean> {
    return this.#withFile(fileName, async ({ fd, size }) => {
      if (newSize === size) return false;
      this.#requireRoom(newSize - size);
      ftruncateSync(fd, newSize);
      await this.#sync(fd);
      return true;
    });
  }

  /** Makes it a normal file and returns its new name. Metadata are lost, as with FastDFS. */
  async regenerate(fileName: string): Promise<string> {
    return this.#withFile(fileName, async ({ fd, size }) => {
      const content = { size, crc32: await checksumOf(fd, size) };
      const newName = await this.#naming.rename(fileName, decodeFileName(fileName), content);
      await this.#store.deleteMetadata(fileName);
      return newName;
    });
  }

  async #change(
    fileName: string,
    content: ContentSource,
    positionIn: (file: OpenFile) => number,
  ): Promise<void> {
    // Refuse at once what can be refused, before the client has sent it all.
    const before = this.#open(fileName);
    try {
      positionIn(before);
    } finally {
      closeSync(before.fd);
    }
    // A small change is all in memory before the file is locked: a slow client holds up nobody.
    let batch = await content.next();
    await this.#withFile(fileName, async (file) => {
      let position = positionIn(file);
      try {
        while (batch.length > 0) {
          const byteCount = batch.reduce((sum, chunk) => sum + chunk.length, 0);
          this.#store.beforeWrite(byteCount);
          await writeFully(file.fd, batch, position);
          position += byteCount;
          batch = await content.next();
        }
        await this.#sync(file.fd);
      } catch (error) {
        if (fstatSync(file.fd).size > file.size) ftruncateSync(file.fd, file.size);
        throw error;
      }
    });
  }

  async #withFile<T>(fileName: string, task: (file: OpenFile) => Promise<T>): Promise<T> {
    return this.#store.locks.run(this.#store.locate(fileName), async () => {
      const file = this.#open(fileName);
      try {
        return await task(file);
      } finally {
        closeSync(file.fd);
      }
    });
  }

  /** A missing file is 2 whatever its name says, as with FastDFS. */
  #open(fileName: string): OpenFile {
    const file = this.#store.open(fileName, 'write');
    if (decodeFileName(fileName).isAppender) return file;
    closeSync(file.fd);
    throw new RefusedRequest(errno.EINVAL, `${fileName} is not an appender file`);
  }

  async #sync(fd: number): Promise<void> {
    if (this.#store.durable) await fdatasyncAsync(fd);
  }

  #requireRoom(byteCount: number): void {
    if (byteCount > 0 && !this.#store.space.hasRoomFor(byteCount)) {
      throw new RefusedRequest(errno.ENOSPC, 'the store path is at its reserve');
    }
  }
}

/** CRC-32 of the first `size` bytes of an open file. Throws 5 when it has fewer. */
export async function checksumOf(fd: number, size: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(size, CHECKSUM_READ_BYTES));
  let checksum = 0;
  for (let done = 0; done < size; ) {
    const wanted = Math.min(buffer.length, size - done);
    const { bytesRead } = await readAsync(fd, buffer, 0, wanted, done);
    if (bytesRead === 0) throw new RefusedRequest(errno.EIO, 'the file ends early');
    checksum = crc32(buffer.subarray(0, bytesRead), checksum);
    done += bytesRead;
  }
  return checksum;
}
