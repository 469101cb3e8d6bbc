import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What happens to the connection that carries a certain byte. */
export type Trip = 'corrupt' | 'reset' | 'stall';

interface ArmedTrip {
  readonly trip: Trip;
  bytesLeft: number;
  readonly fired: () => void;
}

/** One direction through a TCP proxy: what a test wants to go wrong on all of its connections. */
export class ProxyFlow {
  /** Each piece waits so long before it goes on. */
  delayMs = 0;
  /** A closed side is not told to the other one: a half-open connection. */
  swallowsFin = false;
  #stalled = false;
  #wake: (() => void)[] = [];
  #trips: ArmedTrip[] = [];
  /** All that ever came, in bytes. */
  byteCount = 0;

  get isStalled(): boolean {
    return this.#stalled;
  }

  /** Nothing goes on from now on, not even the end of a connection, until `release`. */
  stall(): void {
    this.#stalled = true;
  }

  release(): void {
    this.#stalled = false;
    for (const wake of this.#wake.splice(0)) wake();
  }

  /**
   * Once, when `byteCount` more bytes have come this way over whatever connections: the next byte
   * is flipped, or its connection is reset, or this direction of its connection stands still for
   * good. Resolves when it has happened.
   */
  after(byteCount: number, trip: Trip): Promise<void> {
    return new Promise((resolve) => {
      this.#trips.push({ trip, bytesLeft: byteCount, fired: resolve });
    });
  }

  /** Forgets the faults that have not happened yet, and lets everything through. */
  reset(): void {
    this.#trips = [];
    this.delayMs = 0;
    this.swallowsFin = false;
    this.release();
  }

  /** Moves bytes until the source has no more. Rejects when one of the sockets fails. */
  async pump(source: Socket, sink: Socket): Promise<void> {
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      const { bytes, trip } = this.#take(chunk as Buffer);
      if (this.delayMs > 0) await sleep(this.delayMs);
      await this.#passable();
      await write(sink, bytes);
      if (trip === 'reset') throw new Error('reset on purpose');
      if (trip === 'stall') return await untilClosed(source);
    }
    await this.#passable();
    if (!this.swallowsFin) sink.end();
  }

  /** Waits out a stall, so that a reset does not come through one. */
  async passable(): Promise<void> {
    await this.#passable();
  }

  async #passable(): Promise<void> {
    while (this.#stalled) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  /** Counts the bytes, and does to them what was asked for. */
  #take(chunk: Buffer): { bytes: Buffer; trip: 'reset' | 'stall' | null } {
    this.byteCount += chunk.length;
    for (const armed of [...this.#trips]) {
      if (armed.bytesLeft >= chunk.length) {
        armed.bytesLeft -= chunk.length;
        continue;
      }
      this.#trips = this.#trips.filter((other) => other !== armed);
      armed.fired();
      if (armed.trip !== 'corrupt') {
        return { bytes: chunk.subarray(0, armed.bytesLeft), trip: armed.trip };
      }
      chunk.writeUInt8(chunk.readUInt8(armed.bytesLeft) ^ 0x01, armed.bytesLeft);
    }
    return { bytes: chunk, trip: null };
  }
}

function write(sink: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function untilClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
}
