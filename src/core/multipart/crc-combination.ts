import type { ChecksumAlgorithm } from '../../object-index/records.ts';

export type CrcAlgorithm = Extract<ChecksumAlgorithm, `CRC${string}`>;

/**
 * A polynomial over GF(2) in reflected form: the most significant bit is the coefficient of x^0.
 * 32-bit CRCs leave `low` 0. Two 32-bit integers are several times faster than a BigInt.
 */
interface Polynomial {
  readonly high: number;
  readonly low: number;
}

/** Reflected generators without their highest term. */
const generators = {
  CRC32: { width: 32, high: 0xedb88320 | 0, low: 0 },
  CRC32C: { width: 32, high: 0x82f63b78 | 0, low: 0 },
  CRC64NVME: { width: 64, high: 0x9a6c9329 | 0, low: 0xac4bc9b5 | 0 },
} as const satisfies Record<CrcAlgorithm, Polynomial & { readonly width: 32 | 64 }>;

const one: Polynomial = { high: 0x80000000 | 0, low: 0 };

/** x^8, x^16, x^32 …: enough for 2^53 bytes. */
const powersOfByte = new Map<CrcAlgorithm, readonly Polynomial[]>();
const powersCount = 53;

/**
 * The CRC of contents laid end to end, from their CRCs and sizes in bytes: for CRCs that begin
 * and end with an inversion, as all of these, crc(AB) = crc(A)·x^(8·|B|) + crc(B) modulo the
 * generator. Ten thousand parts take some milliseconds.
 */
export function combineCrcs(
  algorithm: CrcAlgorithm,
  parts: readonly { readonly value: Buffer; readonly size: number }[],
): Buffer {
  // Nearly all parts of an upload have the same size.
  const shifts = new Map<number, Polynomial>();
  let whole: Polynomial = { high: 0, low: 0 };
  for (const { value, size } of parts) {
    const shift = shifts.get(size) ?? shiftBy(algorithm, size);
    shifts.set(size, shift);
    const shifted = multiply(algorithm, whole, shift);
    const part = read(algorithm, value);
    whole = { high: shifted.high ^ part.high, low: shifted.low ^ part.low };
  }
  return write(algorithm, whole);
}

/** x^(8·size) modulo the generator. */
function shiftBy(algorithm: CrcAlgorithm, size: number): Polynomial {
  const powers = powersOf(algorithm);
  let shift = one;
  let rest = size;
  for (const power of powers) {
    if (rest % 2 === 1) shift = multiply(algorithm, shift, power);
    // Not `>>= 1`, which would cut sizes to 32 bits.
    rest = Math.floor(rest / 2);
    if (rest === 0) break;
  }
  return shift;
}

function powersOf(algorithm: CrcAlgorithm): readonly Polynomial[] {
  const known = powersOfByte.get(algorithm);
  if (known) return known;
  // x^8: bit 8 from the top.
  let power: Polynomial = { high: 0x00800000, low: 0 };
  const powers: Polynomial[] = [];
  for (let count = 0; count < powersCount; count += 1) {
    powers.push(power);
    power = multiply(algorithm, power, power);
  }
  powersOfByte.set(algorithm, powers);
  return powers;
}

/** left·right modulo the generator. */
function multiply(algorithm: CrcAlgorithm, left: Polynomial, right: Polynomial): Polynomial {
  const generator = generators[algorithm];
  let { high, low } = right;
  let productHigh = 0;
  let productLow = 0;
  for (let bit = 0; bit < generator.width; bit += 1) {
    const coefficient = bit < 32 ? (left.high >>> (31 - bit)) & 1 : (left.low >>> (63 - bit)) & 1;
    if (coefficient === 1) {
      productHigh ^= high;
      productLow ^= low;
    }
    // Times x: a shift towards the lower bits, since the form is reflected.
    const carry = generator.width === 32 ? high & 1 : low & 1;
    low = generator.width === 32 ? 0 : (low >>> 1) | (high << 31);
    high >>>= 1;
    if (carry === 1) {
      high ^= generator.high;
      low ^= generator.low;
    }
  }
  return { high: productHigh, low: productLow };
}

function read(algorithm: CrcAlgorithm, value: Buffer): Polynomial {
  const low = generators[algorithm].width === 64 ? value.readInt32BE(4) : 0;
  return { high: value.readInt32BE(0), low };
}

function write(algorithm: CrcAlgorithm, polynomial: Polynomial): Buffer {
  const value = Buffer.alloc(generators[algorithm].width / 8);
  value.writeInt32BE(polynomial.high | 0, 0);
  if (value.length === 8) value.writeInt32BE(polynomial.low | 0, 4);
  return value;
}
