import { createHash } from 'node:crypto';

/**
 * The ETag of an object whose bytes the gateway has never seen: what is known of them, in a form
 * that nobody takes for an MD5 or for that of a multipart upload.
 *
 *   3610a686-5-fdfs                   CRC-32 of the bytes, and how many there are
 *   f-0a4d8c6e-5-fdfs                 where no CRC-32 is known: of the file ID instead
 *
 * AWS: "The ETag may or may not be an MD5 digest of the object data."
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export function importedEtag(fileId: string, size: number, crc32: number | null): string {
  if (crc32 !== null) return `${hex(crc32)}-${size}-fdfs`;
  const named = createHash('sha256').update(fileId).digest('hex').slice(0, 8);
  return `f-${named}-${size}-fdfs`;
}

function hex(crc32: number): string {
  return crc32.toString(16).padStart(8, '0');
}
