import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import type { BlobStoreEvent } from './blob-store.ts';

/** A storage server gives a file another length than its name tells. */
export class WrongSizeError extends Error {
  constructor(server: ServerAddress, wantedBytes: number, announcedBytes: number) {
    super(`${renderAddress(server)} announced ${announcedBytes} bytes instead of ${wantedBytes}`);
    this.name = 'WrongSizeError';
  }
}

/** A copy is left alone for so long; then it may have been mended. */
const REMEMBERED_MS = 5 * 60_000;
/** The oldest are forgotten first; one takes about 200 bytes. */
const COPIES_MAX = 10_000;

/** Remembers which storage servers gave wrong bytes of which files, so that others are asked. */
export class DamagedCopies {
  readonly #onEvent: (event: BlobStoreEvent) => void;
  /** `performance.now()` until when a copy is left alone, the oldest first. */
  readonly #until = new Map<string, number>();

  constructor(onEvent: (event: BlobStoreEvent) => void) {
    this.#onEvent = onEvent;
  }

  /**
   * Reports wrong bytes. Several servers that gave parts of them are named together and none is
   * remembered: which of them has the damage shows when each is read by itself.
   */
  report(servers: readonly ServerAddress[], fileId: string): void {
    const [server] = servers;
    if (server !== undefined && servers.length === 1) this.#remember(server, fileId);
    const names = servers.map(renderAddress).join(' or ');
    this.#onEvent({ kind: 'checksum-mismatch', direction: 'download', server: names, fileId });
  }

  /** Notes that the copy is whole after all, or again. */
  isSound(server: ServerAddress, fileId: string): void {
    if (this.#until.size > 0) this.#until.delete(nameOf(server, fileId));
  }

  has(server: ServerAddress, fileId: string): boolean {
    if (this.#until.size === 0) return false;
    const name = nameOf(server, fileId);
    const until = this.#until.get(name);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.#until.delete(name);
    return false;
  }

  #remember(server: ServerAddress, fileId: string): void {
    const name = nameOf(server, fileId);
    this.#until.delete(name);
    this.#until.set(name, performance.now() + REMEMBERED_MS);
    if (this.#until.size <= COPIES_MAX) return;
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      return;
    }
  }
}

function nameOf(server: ServerAddress, fileId: string): string {
  return `${renderAddress(server)} ${fileId}`;
}
