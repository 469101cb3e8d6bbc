import type { ObjectRecord } from '../../object-index/records.ts';
import type { SourceObject } from './mirror-source.ts';

/** `newer-here`: it is another one, which was written here after the source's. */
export type Comparison = 'copy' | 'same' | 'newer-here';

const md5Pattern = /^[0-9a-f]{32}$/;

/**
 * What is to become of an object of the source whose place here has `here`, a delete marker
 * included. The same ETag and size are the same object. ETags of multipart uploads depend on the
 * parts, too: where one of the two is such, the time decides. What was written here later than at
 * the source stays, unless `replacesNewer`.
 */
export function compare(
  source: SourceObject,
  here: ObjectRecord | null,
  replacesNewer: boolean,
): Comparison {
  if (!here) return 'copy';
  const isNewer = wholeSeconds(here.lastModifiedMs) > wholeSeconds(source.lastModifiedMs);
  const differing = isNewer && !replacesNewer ? 'newer-here' : 'copy';
  if (here.isDeleteMarker || here.size !== source.size) return differing;
  if (here.etag === source.etag) return 'same';
  const areMd5s = md5Pattern.test(here.etag) && md5Pattern.test(source.etag);
  if (areMd5s) return differing;
  const isOlder = wholeSeconds(here.lastModifiedMs) < wholeSeconds(source.lastModifiedMs);
  return isOlder ? 'copy' : 'same';
}

/** Sources tell their times no finer. */
function wholeSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1000);
}
