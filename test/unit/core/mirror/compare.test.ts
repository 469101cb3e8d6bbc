import { expect, it } from 'vitest';
import { compare } from '../../../../src/core/mirror/compare.ts';
import { noSubresources, type ObjectRecord } from '../../../../src/object-index/records.ts';

const md5A = 'a'.repeat(32);
const md5B = 'b'.repeat(32);

function here(size: number, etag: string, seconds: number, isDeleteMarker = false): ObjectRecord {
  return {
    ...noSubresources,
    ...{ id: 1, bucketId: 1, key: 'k', versionId: null, isDeleteMarker, size, etag, qetag: null },
    ...{ expiresAtMs: null, kodo: null, lastModifiedMs: seconds * 1000 + 999, ownerId: 'o' },
    ...{ checksum: null, partCount: null, fileId: null, headers: {}, userMetadata: {} },
  };
}

it.each([
  ['nothing', null, 'copy', 'copy'],
  ['the same', here(5, md5A, 10), 'same', 'same'],
  ['the same, stored later', here(5, md5A, 20), 'same', 'same'],
  ['another size, older', here(6, md5A, 5), 'copy', 'copy'],
  ['another size, as old', here(6, md5A, 10), 'copy', 'copy'],
  ['another size, newer', here(6, md5A, 11), 'newer-here', 'copy'],
  ['another MD5, older', here(5, md5B, 5), 'copy', 'copy'],
  ['another MD5, newer', here(5, md5B, 11), 'newer-here', 'copy'],
  ['ETag of parts, older', here(5, `${md5A}-2`, 5), 'copy', 'copy'],
  ['ETag of parts, as old', here(5, `${md5A}-2`, 10), 'same', 'same'],
  ['ETag of parts, newer', here(5, `${md5A}-2`, 11), 'same', 'same'],
  ['an older delete marker', here(0, '', 5, true), 'copy', 'copy'],
  ['a newer delete marker', here(0, '', 11, true), 'newer-here', 'copy'],
])('with %s here', (_, object, expected, withOverwrite) => {
  const source = { key: 'k', size: 5, etag: md5A, lastModifiedMs: 10_000 };
  expect(compare(source, object, false)).toBe(expected);
  expect(compare(source, object, true)).toBe(withOverwrite);
});
