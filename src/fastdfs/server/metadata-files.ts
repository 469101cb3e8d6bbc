import { closeSync, readFileSync } from 'node:fs';
import {
  decodeMetadata,
  encodeMetadata,
  type MetadataPair,
} from '../protocol/commands/file-metadata.ts';
import type { FileStore } from './file-store.ts';
import { errno, fastdfsStatusOf, RefusedRequest } from './refused-request.ts';

/**
 * The pairs of a file, kept beside it under its name and `-m` as FastDFS keeps them: as on the wire,
 * sorted by name.
 */
export class MetadataFiles {
  readonly #store: FileStore;

  constructor(store: FileStore) {
    this.#store = store;
  }

  /**
   * The pairs as they stand in the file, which is their form on the wire. Throws 2 for a file
   * without metadata as for one that does not exist, as FastDFS does.
   */
  get(fileName: string): Buffer {
    const { fd } = this.#store.open(fileName, 'read', '-m');
    try {
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Replaces all pairs, or with `merge` those of the same name. Durable when it resolves. */
  async set(fileName: string, pairs: readonly MetadataPair[], merge: boolean): Promise<void> {
    await this.#store.locks.run(this.#store.locate(fileName), async () => {
      if (!this.#store.exists(fileName)) {
        throw new RefusedRequest(errno.ENOENT, `${fileName} does not exist`);
      }
      if (merge && pairs.length === 0) return;
      const after = new Map<string, MetadataPair>();
      for (const pair of [...(merge ? this.#getOrNone(fileName) : []), ...pairs]) {
        after.set(pair.name.toString('latin1'), pair);
      }
      if (after.size === 0) {
        await this.#store.deleteMetadata(fileName);
      } else {
        const sorted = [...after.values()].sort((a, b) => Buffer.compare(a.name, b.name));
        await this.#write(fileName, encodeMetadata(sorted));
      }
    });
  }

  async #write(fileName: string, bytes: Buffer): Promise<void> {
    const staged = this.#store.stage();
    try {
      await staged.write([bytes]);
      await this.#store.publishMetadata(staged, fileName);
    } catch (error) {
      staged.discard();
      throw error;
    }
  }

  #getOrNone(fileName: string): MetadataPair[] {
    try {
      return decodeMetadata(this.get(fileName));
    } catch (error) {
      if (fastdfsStatusOf(error) === errno.ENOENT) return [];
      throw error;
    }
  }
}
