import { read, readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { HEADER_SIZE } from '../protocol/constants.ts';
import { encodeResponseHeader } from '../protocol/frame.ts';
import { BufferPool } from './buffer-pool.ts';
import { ConnectionLost } from './content-source.ts';
import type { ServiceFaults } from './faults.ts';
import { FaultyOutput } from './faulty-output.ts';

const readAsync = promisify(read);

/** Files up to this size are read in one go, without a trip through the thread pool. */
const SYNCHRONOUS_READ_BYTES_MAX = 64 * 1024;

/** Two of these are in use per download: one is read from disk while the other is sent. */
const downloadBuffers = new BufferPool({ bufferBytes: 256 * 1024, idleBuffersMax: 16 });

/** Sends responses; waits for a client that reads slowly instead of buffering for it. */
export class ReplyWriter {
  readonly #socket: Socket;
  readonly #output: FaultyOutput;
  #begun = false;
  #waiting = 0;

  constructor(socket: Socket, faults: ServiceFaults) {
    this.#socket = socket;
    this.#output = new FaultyOutput(socket, faults);
  }

  /** Whether the present request has been answered, at least in part. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether the client has yet to read what was sent. */
  get isWaiting(): boolean {
    return this.#waiting > 0;
  }

  startRequest(): void {
    this.#begun = false;
    this.#output.startReply();
  }

  /** Closes the connection behind the last response. */
  end(): void {
    this.#output.end();
  }

  /** One response without content. */
  async send(status: number, body?: Buffer): Promise<void> {
    const header = encodeResponseHeader(status, body?.length ?? 0);
    await this.sendBytes(body === undefined ? header : Buffer.concat([header, body]));
  }

  /** Bytes as they are; the caller has made a header. The buffer must not be used again. */
  async sendBytes(bytes: Buffer): Promise<void> {
    this.#begun = true;
    // Most answers fit into the socket's buffer, and nobody needs to know when they left it.
    if (!this.#output.write(bytes)) await this.#flushed(Buffer.alloc(0));
  }

  /**
   * A response whose body is `byteCount` bytes of an open file. A file that ends early shows as a
   * closed connection: the length is told already (protocol, section 2). A test may name the
   * position in the file of a byte to be sent wrong.
   */
  async sendFile(
    fd: number,
    offset: number,
    byteCount: number,
    corruptByteAt: number | null = null,
  ): Promise<void> {
    const corruptAt = corruptByteAt === null ? null : corruptByteAt - offset;
    if (byteCount <= SYNCHRONOUS_READ_BYTES_MAX) {
      const message = Buffer.allocUnsafe(HEADER_SIZE + byteCount);
      encodeResponseHeader(0, byteCount).copy(message);
      const bytesRead = readSync(fd, message, HEADER_SIZE, byteCount, offset);
      flipByte(message, corruptAt === null ? null : corruptAt + HEADER_SIZE, HEADER_SIZE);
      if (bytesRead === byteCount) return this.sendBytes(message);
    }
    this.#begun = true;
    await this.#streamFile(fd, offset, byteCount, corruptAt);
  }

  async #streamFile(
    fd: number,
    offset: number,
    byteCount: number,
    corruptAt: number | null,
  ): Promise<void> {
    let sending: Promise<void> = this.#flushed(encodeResponseHeader(0, byteCount));
    const buffers: [Buffer, Buffer] = [downloadBuffers.take(), downloadBuffers.take()];
    try {
      for (let done = 0, turn = 0; done < byteCount; turn ^= 1) {
        const buffer = buffers[turn as 0 | 1];
        const wanted = Math.min(buffer.length, byteCount - done);
        const { bytesRead } = await readAsync(fd, buffer, 0, wanted, offset + done);
        await sending;
        if (bytesRead === 0) throw new ConnectionLost('the file became shorter while it was sent');
        flipByte(buffer.subarray(0, bytesRead), corruptAt === null ? null : corruptAt - done);
        done += bytesRead;
        sending = this.#flushed(buffer.subarray(0, bytesRead));
      }
      await sending;
    } catch (error) {
      // The system may still be sending from a buffer: it cannot be used for another client.
      this.#socket.destroy();
      throw error;
    }
    for (const buffer of buffers) downloadBuffers.giveBack(buffer);
  }

  /** Resolves when the bytes have been handed to the system, so that they may be overwritten. */
  #flushed(bytes: Buffer): Promise<void> {
    this.#waiting += 1;
    const flushed = new Promise<void>((resolve, reject) => {
      this.#output.write(bytes, (error) => {
        this.#waiting -= 1;
        if (error) reject(new ConnectionLost(`sending failed: ${error.message}`));
        else resolve();
      });
    });
    // It may fail while the next piece is being read, before anybody awaits it.
    flushed.catch(() => {});
    return flushed;
  }
}

function flipByte(bytes: Buffer, position: number | null, least = 0): void {
  if (position === null || position < least || position >= bytes.length) return;
  bytes.writeUInt8(bytes.readUInt8(position) ^ 0x01, position);
}
