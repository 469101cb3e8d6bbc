import { PORT_MAX } from './constants.ts';
import { ProtocolError } from './errors.ts';

const NO_BYTES = Buffer.alloc(0);

/**
 * Reads a body field by field, in wire order. Every read beyond the end and every value out of its
 * range throws `ProtocolError`. Integers are big-endian. Text has no character set on the wire and
 * is read as Latin-1, which keeps every byte.
 */
export class FieldReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  /** The next `size` bytes, not copied. */
  bytes(size: number): Buffer {
    if (size > this.left) {
      throw new ProtocolError(`body ends early: ${size} bytes expected, ${this.left} left`);
    }
    this.#offset += size;
    return this.#bytes.subarray(this.#offset - size, this.#offset);
  }

  /** Text up to the first NUL. What follows that NUL is garbage (5.x fills no fields). */
  text(size: number): string {
    const field = this.bytes(size);
    const nul = field.indexOf(0);
    return field.toString('latin1', 0, nul === -1 ? size : nul);
  }

  /** Text of exactly `size` bytes. A NUL is refused: a C program would see another, shorter text. */
  plainText(size: number): string {
    const field = this.bytes(size);
    if (field.includes(0)) throw new ProtocolError('text contains a NUL byte');
    return field.toString('latin1');
  }

  /** All bytes up to the end as text; a NUL is refused as in `plainText`. */
  restText(): string {
    return this.plainText(this.left);
  }

  rest(): Buffer {
    return this.bytes(this.left);
  }

  uint8(): number {
    return this.bytes(1).readUInt8();
  }

  int32(): number {
    return this.bytes(4).readInt32BE();
  }

  bigint64(): bigint {
    return this.bytes(8).readBigInt64BE();
  }

  /** A signed number between -(2^53 - 1) and 2^53 - 1. */
  int64(): number {
    const value = Number(this.bigint64());
    if (!Number.isSafeInteger(value)) throw new ProtocolError('64-bit number beyond 2^53');
    return value;
  }

  /** A length, size or offset: 0 to 2^53 - 1. */
  size(): number {
    const value = this.int64();
    if (value < 0) throw new ProtocolError(`negative size: ${value}`);
    return value;
  }

  /**
   * A statistic, rounded above 2^53. A storage server that has sent 9 PB must stay listable, and
   * nothing is computed from these.
   */
  counter(): number {
    return Number(this.bigint64());
  }

  /** A TCP port in 64 bits: 1 to 65535. */
  port(): number {
    const value = this.bigint64();
    if (value < 1n || value > BigInt(PORT_MAX)) throw new ProtocolError(`not a port: ${value}`);
    return Number(value);
  }

  /** To be called last: bytes that nobody asked for mean that the layout is another one. */
  end(): void {
    if (this.left > 0) throw new ProtocolError(`${this.left} bytes left over at the end`);
  }
}

/** Builds a body field by field, in wire order. Values that do not fit throw `ProtocolError`. */
export class FieldWriter {
  readonly #pieces: Buffer[] = [];

  bytes(bytes: Buffer): this {
    this.#pieces.push(bytes);
    return this;
  }

  /** Text in a field of `size` bytes, filled up with NUL; longer text is refused, never cut. */
  text(text: string, size: number): this {
    const bytes = encodeText(text);
    if (bytes.length > size) {
      throw new ProtocolError(`text of ${bytes.length} bytes in a field of ${size}`);
    }
    const field = Buffer.alloc(size);
    bytes.copy(field);
    return this.bytes(field);
  }

  /** Text without padding or terminator. */
  plainText(text: string): this {
    return this.bytes(encodeText(text));
  }

  uint8(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xff) throw outOfRange(value, 8);
    return this.bytes(Buffer.of(value));
  }

  int32(value: number): this {
    if (!Number.isInteger(value) || value !== (value | 0)) throw outOfRange(value, 32);
    const field = Buffer.allocUnsafe(4);
    field.writeInt32BE(value);
    return this.bytes(field);
  }

  int64(value: number): this {
    if (!Number.isSafeInteger(value)) throw outOfRange(value, 64);
    return this.bigint64(BigInt(value));
  }

  /** A length, size or offset: 0 to 2^53 - 1. */
  size(value: number): this {
    if (value < 0) throw new ProtocolError(`negative size: ${value}`);
    return this.int64(value);
  }

  bigint64(value: bigint): this {
    if (value !== BigInt.asIntN(64, value)) throw outOfRange(value, 64);
    const field = Buffer.allocUnsafe(8);
    field.writeBigInt64BE(value);
    return this.bytes(field);
  }

  /** A statistic as `FieldReader.counter` reads it. */
  counter(value: number): this {
    if (!Number.isInteger(value)) throw outOfRange(value, 64);
    return this.bigint64(BigInt(value));
  }

  port(value: number): this {
    if (value < 1 || value > PORT_MAX) throw new ProtocolError(`not a port: ${value}`);
    return this.int64(value);
  }

  toBuffer(): Buffer {
    return this.#pieces.length === 0 ? NO_BYTES : Buffer.concat(this.#pieces);
  }
}

function encodeText(text: string): Buffer {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0) throw new ProtocolError('text contains a NUL byte');
    if (code > 0xff) throw new ProtocolError('text holds a character above U+00FF');
  }
  return Buffer.from(text, 'latin1');
}

function outOfRange(value: number | bigint, bits: number): ProtocolError {
  return new ProtocolError(`${value} does not fit into a field of ${bits} bits`);
}
