import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import { createCRC64, type IHasher } from 'hash-wasm';
import type { ChecksumAlgorithm } from '../object-index/records.ts';
import { GatewayError } from './errors.ts';
import type { DeclaredDigests } from './incoming-content.ts';
import { RunningQetag } from './qetag.ts';

/** CRC-64/NVME, reflected; its check value for `123456789` is AE8B14860A799888. */
const crc64NvmePolynomial = '9a6c9329ac4bc9b5';

/** Bytes of each algorithm's raw value; clients see it in base64. */
const checksumSizeBytes = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
} as const satisfies Record<ChecksumAlgorithm, number>;

/** A checksum in the making. `digest` ends it. */
interface RunningChecksum {
  update(chunk: Buffer): void;
  /** Raw value, big-endian. */
  digest(): Buffer;
}

class RunningCrc32 implements RunningChecksum {
  readonly #next: (chunk: Buffer, value: number) => number;
  #value = 0;

  constructor(next: (chunk: Buffer, value: number) => number) {
    this.#next = next;
  }

  update(chunk: Buffer): void {
    this.#value = this.#next(chunk, this.#value);
  }

  digest(): Buffer {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(this.#value >>> 0);
    return value;
  }
}

/** Each hasher is a WebAssembly instance of its own: making one costs more than a small body. */
const idleCrc64Hashers: IHasher[] = [];
const idleCrc64HashersMax = 32;

class RunningCrc64 implements RunningChecksum {
  readonly #hasher: IHasher;

  constructor(hasher: IHasher) {
    this.#hasher = hasher.init();
  }

  update(chunk: Buffer): void {
    this.#hasher.update(chunk);
  }

  digest(): Buffer {
    const value = Buffer.from(this.#hasher.digest('binary'));
    if (idleCrc64Hashers.length < idleCrc64HashersMax) idleCrc64Hashers.push(this.#hasher);
    return value;
  }
}

async function startChecksum(
  algorithm: Exclude<ChecksumAlgorithm, 'SHA256'>,
): Promise<RunningChecksum> {
  switch (algorithm) {
    case 'CRC32':
      return new RunningCrc32(crc32);
    case 'CRC32C':
      return new RunningCrc32(crc32c);
    case 'CRC64NVME':
      return new RunningCrc64(idleCrc64Hashers.pop() ?? (await createCRC64(crc64NvmePolynomial)));
    case 'SHA1':
      return createHash('sha1');
  }
}

/** What the bytes turned out to be. */
export interface ContentDigests {
  /** 16 bytes; its hex is the ETag. */
  readonly md5: Buffer;
  /** 32 bytes; null when it was not asked for. */
  readonly sha256: Buffer | null;
  /** Base64 of the algorithm asked for; null when none was. */
  readonly checksumValue: string | null;
  /** Kodo's hash; null when it was not asked for. */
  readonly qetag: string | null;
}

/** MD5, and on demand SHA-256, one checksum and Kodo's hash, of content that passes in chunks. */
export class ContentDigest {
  readonly #md5: Hash = createHash('md5');
  readonly #sha256: Hash | null;
  readonly #checksum: RunningChecksum | null;
  readonly #checksumIsSha256: boolean;
  readonly #qetag: RunningQetag | null;

  private constructor(
    sha256: Hash | null,
    checksum: RunningChecksum | null,
    checksumIsSha256: boolean,
    qetag: RunningQetag | null,
  ) {
    this.#sha256 = sha256;
    this.#checksum = checksum;
    this.#checksumIsSha256 = checksumIsSha256;
    this.#qetag = qetag;
  }

  static async start(wanted: {
    readonly checksumAlgorithm: ChecksumAlgorithm | null;
    readonly sha256: boolean;
    readonly qetag?: boolean;
  }): Promise<ContentDigest> {
    const algorithm = wanted.checksumAlgorithm;
    // One SHA-256 serves as payload hash and as checksum.
    const checksumIsSha256 = algorithm === 'SHA256';
    const sha256 = wanted.sha256 || checksumIsSha256 ? createHash('sha256') : null;
    const checksum =
      algorithm === null || algorithm === 'SHA256' ? null : await startChecksum(algorithm);
    const qetag = wanted.qetag ? new RunningQetag() : null;
    return new ContentDigest(sha256, checksum, checksumIsSha256, qetag);
  }

  update(chunk: Buffer): void {
    this.#md5.update(chunk);
    this.#sha256?.update(chunk);
    this.#checksum?.update(chunk);
    this.#qetag?.update(chunk);
  }

  /** Ends the computation; call it once. */
  finish(): ContentDigests {
    const sha256 = this.#sha256?.digest() ?? null;
    const checksum = this.#checksumIsSha256 ? sha256 : (this.#checksum?.digest() ?? null);
    return {
      md5: this.#md5.digest(),
      sha256,
      checksumValue: checksum?.toString('base64') ?? null,
      qetag: this.#qetag?.digest() ?? null,
    };
  }
}

/** Base64 of one algorithm's value of content that is at hand. */
export async function checksumOf(algorithm: ChecksumAlgorithm, content: Buffer): Promise<string> {
  const digest = await ContentDigest.start({ checksumAlgorithm: algorithm, sha256: false });
  digest.update(content);
  return digest.finish().checksumValue ?? '';
}

/**
 * Compares what the client declared with what the bytes are. `declaredAlgorithm` is the checksum
 * that the client uses, null when it uses none. Throws `BadDigest`, `XAmzContentSHA256Mismatch`,
 * or `InvalidRequest` when the declared checksum cannot be one of that algorithm.
 */
export function checkDigests(
  actual: ContentDigests,
  declared: DeclaredDigests,
  declaredAlgorithm: ChecksumAlgorithm | null,
): void {
  if (declared.md5 && !declared.md5.equals(actual.md5)) {
    throw new GatewayError('BadDigest', {
      message: 'The Content-MD5 you specified did not match what we received.',
      ExpectedDigest: declared.md5.toString('hex'),
      CalculatedDigest: actual.md5.toString('base64'),
    });
  }
  if (declared.sha256Hex !== undefined && declared.sha256Hex !== actual.sha256?.toString('hex')) {
    throw new GatewayError('XAmzContentSHA256Mismatch', {
      ClientComputedContentSHA256: declared.sha256Hex,
      S3ComputedContentSHA256: actual.sha256?.toString('hex'),
    });
  }
  if (declaredAlgorithm === null) return;
  const value = declared.checksumValue;
  if (value === undefined || !isChecksumValue(declaredAlgorithm, value)) {
    throw new GatewayError('InvalidRequest', {
      message: `Value for x-amz-checksum-${declaredAlgorithm.toLowerCase()} header is invalid.`,
    });
  }
  if (value !== actual.checksumValue) throw badChecksum(declaredAlgorithm);
}

export function badChecksum(algorithm: ChecksumAlgorithm): GatewayError {
  return new GatewayError('BadDigest', {
    message: `The ${algorithm} you specified did not match the calculated checksum.`,
  });
}

/** Whether `value` is canonical base64 of as many bytes as the algorithm's values have. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === checksumSizeBytes[algorithm] && bytes.toString('base64') === value;
}
