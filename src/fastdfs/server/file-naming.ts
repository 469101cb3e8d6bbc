import { randomInt } from 'node:crypto';
import {
  encodeFileName,
  type FileNameFields,
  type FileSource,
} from '../protocol/file-name-fields.ts';
import type { StorageFaults } from './faults.ts';
import type { FileStore } from './file-store.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import type { StagedFile } from './staged-file.ts';

/** FastDFS gives up after so many names that exist. */
const NAME_TRIES_MAX = 10;
const RANDOM_SIZE_BITS = 23;

interface NewFile {
  readonly extension: string;
  readonly isAppender: boolean;
}

/** Names new files as FastDFS does: source, time, size and CRC-32, and enough that is random. */
export class FileNaming {
  readonly #store: FileStore;
  readonly #source: FileSource;
  readonly #faults: StorageFaults;

  constructor(store: FileStore, source: FileSource, faults: StorageFaults) {
    this.#store = store;
    this.#source = source;
    this.#faults = faults;
  }

  /** Publishes a staged file under a new name, which it returns. Throws 17 when all tries exist. */
  async publish(staged: StagedFile, { extension, isAppender }: NewFile): Promise<string> {
    for (let tries = 0; tries < NAME_TRIES_MAX; tries += 1) {
      const fileName = this.#name({
        subPath: this.#store.directories.take(),
        size: staged.size,
        crc32: staged.crc32,
        extension,
        isAppender,
        tailDigits: randomInt(10_000_000),
      });
      if (await this.#store.publish(staged, fileName)) return fileName;
    }
    throw new RefusedRequest(errno.EEXIST, 'no free file name found');
  }

  /** Renames an appender file to that of a normal file, in its directory and with its tail. */
  async rename(
    fileName: string,
    old: FileNameFields,
    content: { size: number; crc32: number },
  ): Promise<string> {
    for (let tries = 0; tries < NAME_TRIES_MAX; tries += 1) {
      const newName = this.#name({
        ...content,
        subPath: fileName.slice(4, 9),
        extension: old.extension,
        isAppender: false,
        tailDigits: Number.parseInt(fileName.slice(-7), 10) || 0,
      });
      if (await this.#store.rename(fileName, newName)) return newName;
    }
    throw new RefusedRequest(errno.EBUSY, 'no free file name found');
  }

  #name(file: NewFile & { subPath: string; size: number; crc32: number; tailDigits: number }) {
    const [high = '', low = ''] = file.subPath.split('/');
    return encodeFileName({
      storePathIndex: 0,
      directories: [Number.parseInt(high, 16), Number.parseInt(low, 16)],
      source: this.#source,
      timestamp: Math.floor(Date.now() / 1000),
      size: file.size,
      crc32: this.#faults.wrongChecksum ? (file.crc32 ^ 1) >>> 0 : file.crc32,
      isAppender: file.isAppender,
      extension: file.extension,
      random: { sizeBits: randomInt(2 ** RANDOM_SIZE_BITS), tailDigits: file.tailDigits },
    });
  }
}
