import { createHash, randomBytes } from 'node:crypto';

/**
 * The id of the null version: what was written without versioning, or while it was suspended. Rows
 * of the former have no version_id, those of the latter have this text.
 */
export const NULL_VERSION_ID = 'null';

/**
 * A version id: base64url, with `.` for `-` (a leading dash looks like an option to command-line
 * tools), of
 *   random[16] number:uint64
 * The number of the version is covered by a digest of the random bytes, so that nobody can count
 * writes by looking at ids; it makes every id unique, and tells the place of a version among those
 * of its key even after it was deleted: clients delete a page of versions before they ask for the
 * next one.
 */
const randomSize = 16;
const idSize = randomSize + 8;

/** 32 characters that nobody can guess. `objectId` is the number of the version. */
export function newVersionId(objectId: number): string {
  const bytes = Buffer.alloc(idSize);
  randomBytes(randomSize).copy(bytes);
  bytes.writeBigUInt64BE(BigInt(objectId) ^ coverOf(bytes), randomSize);
  return bytes.toString('base64url').replaceAll('-', '.');
}

/** The number that `newVersionId` put in; null for a text that it did not make. */
export function objectIdOfVersion(versionId: string): number | null {
  if (!/^[A-Za-z0-9._]{32}$/.test(versionId)) return null;
  const bytes = Buffer.from(versionId.replaceAll('.', '-'), 'base64url');
  const number = bytes.readBigUInt64BE(randomSize) ^ coverOf(bytes);
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : null;
}

function coverOf(bytes: Buffer): bigint {
  return createHash('sha256').update(bytes.subarray(0, randomSize)).digest().readBigUInt64BE();
}
