import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../support/logger.ts';
import { renderSize } from '../../support/units.ts';
import { GatewayError } from '../errors.ts';
import { isSpoolFileName, SpoolFile } from './spool-file.ts';
import type { SpoolShare } from './spool-share.ts';
import { SpooledContent } from './spooled-content.ts';

export interface SpoolOptions {
  /** Made when the first file is. */
  readonly directory: string;
  /** Bytes of all content of this process, in memory and in files. */
  readonly sizeBytesMax: number;
  /** Content up to this size stays in memory, as long as `memoryBytesMax` lets it. */
  readonly contentMemoryBytesMax: number;
  readonly logger: Logger;
  /** Milliseconds since 1970; replaced in tests. */
  readonly now?: () => number;
}

/** Bytes of all content in memory; at least one content of the largest size fits. */
const memoryBytesMax = 64 * 2 ** 20;
/** So much of all may be of strangers, who could keep everybody else from uploading with the rest. */
const strangersPart = 0.5;
/** A full spool is told of once in so many milliseconds. */
const logIntervalMs = 60_000;

/**
 * Holds bytes whose number is not known in advance until they are complete: forms, whose fields
 * may follow the file, and what an origin sends. Small content stays in memory, larger content goes
 * to a file that has no name any more once it is open, so that it ends with its process.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #now: () => number;
  #usedBytes = 0;
  #memoryBytes = 0;
  #strangersBytes = 0;
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Bytes of one content that stay in memory. */
  get contentMemoryBytesMax(): number {
    return this.#options.contentMemoryBytesMax;
  }

  /** Bytes that may be held. */
  get sizeBytesMax(): number {
    return this.#options.sizeBytesMax;
  }

  /** Bytes held now, in memory and in files. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /**
   * New content, empty and growing. Whoever asks owns it and must `release` it. At most
   * `memoryBytesMax` bytes of it stay in memory; the spool's own bound when left out. Content of
   * strangers, of whom nobody knows yet who they are, fills half of the spool at most.
   */
  create({ memoryBytesMax = Number.POSITIVE_INFINITY, isOfStranger = false } = {}): SpooledContent {
    const bound = Math.min(memoryBytesMax, this.#options.contentMemoryBytesMax);
    return new SpooledContent(isOfStranger ? this.#strangersShare : this.#share, bound);
  }

  readonly #share: SpoolShare = {
    take: (size) => {
      if (this.#usedBytes + size > this.#options.sizeBytesMax) throw this.#full();
      this.#usedBytes += size;
    },
    giveBack: (size) => {
      this.#usedBytes -= size;
    },
    takeMemory: (size) => {
      const most = Math.max(memoryBytesMax, this.#options.contentMemoryBytesMax);
      if (this.#memoryBytes + size > most) return false;
      this.#memoryBytes += size;
      return true;
    },
    giveBackMemory: (size) => {
      this.#memoryBytes -= size;
    },
    createFile: () => SpoolFile.create(this.#options.directory),
    failedWrite: (error) => this.#failedWrite(error),
  };

  readonly #strangersShare: SpoolShare = {
    ...this.#share,
    take: (size) => {
      const most = this.#options.sizeBytesMax * strangersPart;
      if (this.#strangersBytes + size > most) throw this.#full();
      this.#share.take(size);
      this.#strangersBytes += size;
    },
    giveBack: (size) => {
      this.#strangersBytes -= size;
      this.#share.giveBack(size);
    },
  };

  #full(): GatewayError {
    const { sizeBytesMax, directory } = this.#options;
    const [usedBytes, strangersBytes] = [this.#usedBytes, this.#strangersBytes];
    this.#log(
      { directory, usedBytes, strangersBytes, sizeBytesMax },
      `the spool holds as much as it may of ${renderSize(sizeBytesMax)}: uploads of unknown length get 503; raise GATEWAY_SPOOL_SIZE`,
    );
    return new GatewayError('ServiceUnavailable', {
      message: 'The gateway holds too many uploads of unknown length at once. Try again later.',
    });
  }

  #failedWrite(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    const { code } = error as NodeJS.ErrnoException;
    const { directory } = this.#options;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      this.#log(
        { err: error, directory, usedBytes: this.#usedBytes },
        'the disk of the spool is full: uploads of unknown length get 507; make room for GATEWAY_DATA_DIR or lower GATEWAY_SPOOL_SIZE',
      );
      const message = 'The disk on which the gateway holds uploads of unknown length is full.';
      return new GatewayError('InsufficientStorage', { message }, { cause: error });
    }
    this.#log({ err: error, directory }, 'the spool cannot be written or read');
    const message = 'The gateway cannot hold uploads of unknown length now.';
    return new GatewayError('ServiceUnavailable', { message }, { cause: error });
  }

  #log(facts: object, message: string): void {
    if (this.#now() - this.#loggedAtMs < logIntervalMs) return;
    this.#loggedAtMs = this.#now();
    this.#options.logger.error(facts, message);
  }
}

/**
 * Deletes the files that killed processes left: few, because a file loses its name as soon as it is
 * open. That is also why files of live processes may be deleted: they have them open.
 */
export function removeSpoolLeftovers(directory: string): void {
  for (const name of spoolFileNames(directory)) rmSync(join(directory, name), { force: true });
}

function spoolFileNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter(isSpoolFileName);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
