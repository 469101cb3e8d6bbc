import type { Checksum, ChecksumAlgorithm, ObjectRecord } from '../object-index/records.ts';
import type { ByteRange } from './byte-range.ts';
import { ContentDigest } from './content-digest.ts';
import { isGone, openObject } from './open-object.ts';
import type { CoreServices } from './services.ts';

/** What a copy has to know of the bytes that it refers to. */
export interface CopiedDigests {
  /** MD5 in hex. */
  readonly etag: string;
  /** Of all copied bytes; null when no algorithm was asked for. */
  readonly checksum: Checksum | null;
}

/**
 * MD5 and, with an algorithm, checksum of bytes of an object, which are read for it. Null when the
 * object was replaced meanwhile.
 */
export async function readDigests(
  core: CoreServices,
  source: ObjectRecord,
  range: ByteRange,
  algorithm: ChecksumAlgorithm | null,
  signal: AbortSignal,
): Promise<CopiedDigests | null> {
  const digest = await ContentDigest.start({ checksumAlgorithm: algorithm, sha256: false });
  try {
    const body = await openObject(core, source, range, signal);
    if (body) for await (const chunk of body as AsyncIterable<Buffer>) digest.update(chunk);
  } catch (error) {
    if (await isGone(core, source, error)) return null;
    throw error;
  }
  const { md5, checksumValue: value } = digest.finish();
  return {
    etag: md5.toString('hex'),
    checksum: algorithm && value ? { algorithm, type: 'FULL_OBJECT', value } : null,
  };
}

/** The same of all bytes, where the object's record tells it; else null. */
export function knownDigests(
  source: ObjectRecord,
  algorithm: ChecksumAlgorithm | null,
): CopiedDigests | null {
  // The ETag of an object in parts is no MD5 of its bytes.
  if (source.partCount !== null || source.etag.includes('-')) return null;
  if (algorithm === null) return { etag: source.etag, checksum: null };
  const { checksum } = source;
  const isUsable = checksum?.algorithm === algorithm && checksum.type === 'FULL_OBJECT';
  return isUsable ? { etag: source.etag, checksum } : null;
}
