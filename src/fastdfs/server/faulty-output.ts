import type { Socket } from 'node:net';
import type { ServiceFaults } from './faults.ts';

type WriteCallback = (error?: Error | null) => void;

/** The socket's writing side, with the faults that concern the bytes of a response. */
export class FaultyOutput {
  readonly #socket: Socket;
  readonly #faults: ServiceFaults;
  #sentInReply = 0;
  /** Responses that leave in pieces, one after the other; null when none is under way. */
  #pieces: Promise<void> | null = null;

  constructor(socket: Socket, faults: ServiceFaults) {
    this.#socket = socket;
    this.#faults = faults;
  }

  startReply(): void {
    this.#sentInReply = 0;
  }

  /** False when the caller should wait before it writes more, as with `Socket.write`. */
  write(bytes: Buffer, done?: WriteCallback): boolean {
    const { replyPieceBytes, resetAfterReplyBytes, stallAfterReplyBytes } = this.#faults;
    const resetAfter = resetAfterReplyBytes ?? Number.POSITIVE_INFINITY;
    const limit = Math.min(resetAfter, stallAfterReplyBytes ?? Number.POSITIVE_INFINITY);
    const isWhole = limit === Number.POSITIVE_INFINITY;
    if (isWhole && replyPieceBytes === null && this.#pieces === null) {
      return this.#socket.write(bytes, done);
    }
    const allowed = Math.max(0, Math.min(bytes.length, limit - this.#sentInReply));
    this.#sentInReply += bytes.length;
    const pieceBytes = Math.max(1, replyPieceBytes ?? bytes.length);
    const pieces = (this.#pieces ?? Promise.resolve()).then(async () => {
      const error = await this.#writePieces(bytes.subarray(0, allowed), pieceBytes);
      if (allowed === bytes.length) done?.(error);
      else if (limit === resetAfter) this.#reset(done);
      else await this.#stall(done);
      if (this.#pieces === pieces) this.#pieces = null;
    });
    this.#pieces = pieces;
    return true;
  }

  /** Ends the connection behind the last response. */
  end(): void {
    if (this.#pieces === null) this.#socket.end();
    else void this.#pieces.then(() => this.#socket.end());
  }

  /** Each piece leaves in a turn of its own, so that it is a packet of its own. */
  async #writePieces(bytes: Buffer, pieceBytes: number): Promise<Error | null> {
    for (let sent = 0; sent < bytes.length; sent += pieceBytes) {
      const piece = bytes.subarray(sent, sent + pieceBytes);
      const error = await new Promise<Error | null | undefined>((resolve) => {
        this.#socket.write(piece, resolve);
      });
      if (error) return error;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return null;
  }

  #reset(done: WriteCallback | undefined): void {
    this.#socket.resetAndDestroy();
    done?.(new Error('the connection was reset on purpose'));
  }

  /** Nothing more is written on this connection; it ends when one side closes it. */
  async #stall(done: WriteCallback | undefined): Promise<void> {
    if (!this.#socket.destroyed) {
      await new Promise((resolve) => this.#socket.once('close', resolve));
    }
    done?.(new Error('the response was stalled on purpose'));
  }
}
