import { createHash } from 'node:crypto';
import type {
  Checksum,
  ChecksumAlgorithm,
  ChecksumType,
  Part,
} from '../../object-index/records.ts';
import { inSlices } from '../../support/slices.ts';
import { checksumOf } from '../content-digest.ts';
import { GatewayError } from '../errors.ts';
import { type CrcAlgorithm, combineCrcs } from './crc-combination.ts';

/**
 * Which types an algorithm can have for an upload in parts, its default first.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
const typesOf = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
} as const satisfies Record<ChecksumAlgorithm, readonly [ChecksumType, ...ChecksumType[]]>;

/** The checksum type of an upload; null when it has no algorithm. Throws `InvalidRequest`. */
export function uploadChecksumType(
  algorithm: ChecksumAlgorithm | null,
  requested: ChecksumType | null,
): ChecksumType | null {
  if (algorithm === null) {
    if (requested === null) return null;
    throw new GatewayError('InvalidRequest', {
      message:
        'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    });
  }
  const types: readonly [ChecksumType, ...ChecksumType[]] = typesOf[algorithm];
  const type = requested ?? types[0];
  if (!types.includes(type)) {
    throw new GatewayError('InvalidRequest', {
      message: `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    });
  }
  return type;
}

/**
 * ETag of an object in parts: MD5 of the parts' MD5s, and their number.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export function etagOfParts(parts: readonly { readonly etag: string }[]): string {
  const md5 = createHash('md5');
  for (const part of parts) md5.update(Buffer.from(part.etag, 'hex'));
  return `${md5.digest('hex')}-${parts.length}`;
}

/**
 * Checksum of the whole object from those of its parts, none of which is read again. Null when
 * the upload was created without an algorithm. Throws `InvalidPart` for a part without checksum.
 */
export async function checksumOfParts(
  upload: {
    readonly checksumAlgorithm: ChecksumAlgorithm | null;
    readonly checksumType: ChecksumType | null;
  },
  parts: readonly Part[],
): Promise<Checksum | null> {
  const { checksumAlgorithm: algorithm, checksumType: type } = upload;
  if (algorithm === null || type === null) return null;
  const values: { readonly value: Buffer; readonly size: number }[] = [];
  for await (const slice of inSlices(parts, partsPerSlice)) {
    for (const part of slice)
      values.push({ value: checksumBytes(part, algorithm), size: part.size });
  }
  if (type === 'FULL_OBJECT') {
    // `uploadChecksumType` lets no other algorithm have this type.
    const whole = await combineMany(algorithm as CrcAlgorithm, values);
    return { algorithm, type, value: whole.toString('base64') };
  }
  const whole = await checksumOf(algorithm, Buffer.concat(values.map(({ value }) => value)));
  return { algorithm, type, value: `${whole}-${parts.length}` };
}

/** Throws `InvalidPart` when it has no checksum by that algorithm. */
function checksumBytes(part: Part, algorithm: ChecksumAlgorithm): Buffer {
  if (part.checksum?.algorithm === algorithm) return Buffer.from(part.checksum.value, 'base64');
  throw new GatewayError('InvalidPart', {
    message: `Part ${part.partNumber} has no ${algorithm} checksum.`,
    PartNumber: part.partNumber,
  });
}

/** Parts that are read, or combined, in one turn of the event loop. */
const partsPerSlice = 1000;

async function combineMany(
  algorithm: CrcAlgorithm,
  parts: readonly { readonly value: Buffer; readonly size: number }[],
): Promise<Buffer> {
  // Nothing, which is what every content begins with.
  let whole = combineCrcs(algorithm, []);
  let size = 0;
  for await (const slice of inSlices(parts, partsPerSlice)) {
    whole = combineCrcs(algorithm, [{ value: whole, size }, ...slice]);
    for (const part of slice) size += part.size;
  }
  return whole;
}
