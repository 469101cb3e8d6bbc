import { crc32 } from '@node-rs/crc32';
import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';

/**
 * - `right`: nothing speaks against the bytes so far, or they are all there and right.
 * - `damaged`: they are all there, and not those of the file.
 * - `different`: they are not those that were handed on before the file was read anew.
 */
export type Verdict = 'right' | 'damaged' | 'different';

/**
 * The CRC-32 of a file that is read from its first byte to its last, whichever servers give its
 * parts. A file can be read anew after some of it was handed on; what was handed on must come again
 * then, or the reader's bytes were wrong.
 */
export class WholeFileCheck {
  readonly #size: number;
  readonly #crc32: number;
  #position = 0;
  #runningCrc32 = 0;
  /** Bytes handed on, and their CRC-32. */
  #handedOn = 0;
  #handedOnCrc32 = 0;
  readonly #givers: ServerAddress[] = [];

  /** `crc32` unsigned, as file names tell it. */
  constructor(size: number, crc32: number) {
    this.#size = size;
    this.#crc32 = crc32;
  }

  /** The servers that gave bytes since the file's start, each once. */
  get givers(): ServerAddress[] {
    const byName = new Map(this.#givers.map((server) => [renderAddress(server), server]));
    return [...byName.values()];
  }

  /** Who gave all of them; null when several did. */
  get onlyGiver(): ServerAddress | null {
    return this.#givers.length === 1 ? (this.#givers[0] ?? null) : null;
  }

  /** Takes the next bytes of the file. */
  take(bytes: Buffer, giver: ServerAddress): Verdict {
    if (this.#givers.at(-1) !== giver) this.#givers.push(giver);
    const retraced = this.#handedOn - this.#position;
    if (retraced <= 0 || retraced > bytes.length) return this.#add(bytes);
    this.#add(bytes.subarray(0, retraced));
    if (this.#runningCrc32 !== this.#handedOnCrc32) return 'different';
    return retraced === bytes.length ? 'right' : this.#add(bytes.subarray(retraced));
  }

  /** Tells that all bytes taken so far are out of our hands. */
  handOn(): void {
    if (this.#position <= this.#handedOn) return;
    this.#handedOn = this.#position;
    this.#handedOnCrc32 = this.#runningCrc32;
  }

  /** Tells that what was handed on has come back. */
  takeBack(): void {
    this.#handedOn = 0;
    this.#handedOnCrc32 = 0;
  }

  /** The file is read anew from its first byte. */
  startOver(): void {
    this.#position = 0;
    this.#runningCrc32 = 0;
    this.#givers.length = 0;
  }

  #add(bytes: Buffer): Verdict {
    this.#runningCrc32 = crc32(bytes, this.#runningCrc32);
    this.#position += bytes.length;
    const isEnd = this.#position === this.#size;
    return isEnd && this.#runningCrc32 !== this.#crc32 ? 'damaged' : 'right';
  }
}
