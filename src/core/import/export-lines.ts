import type { ObjectRecord, Segment } from '../../object-index/records.ts';
import type { CoreServices } from '../services.ts';
import type { ExportedObject } from './exported-object.ts';

/** Rows of the index that are read at once. */
const PAGE_SIZE = 1_000;
const SEGMENTS_PER_PAGE = 1_000;

/** What an exported object is made of: whole records in the order of keys, some at a time. */
export async function* currentObjects(
  { index }: Pick<CoreServices, 'index'>,
  { bucketId, prefix, after }: { bucketId: number; prefix: string; after: string },
  signal: AbortSignal,
): AsyncGenerator<readonly ObjectRecord[], void, void> {
  for (let next: string | null = after; next !== null; ) {
    signal.throwIfAborted();
    const request = { bucketId, prefix, after: next, limit: PAGE_SIZE };
    const page: Awaited<ReturnType<typeof index.listCurrentObjects>> =
      await index.listCurrentObjects(request);
    if (page.objects.length > 0) yield page.objects;
    next = page.nextAfter;
  }
}

/** A record `key,file ID` with its line end; null for an object that is not exactly one file. */
export function csvLine({ key, fileId }: Pick<ObjectRecord, 'key' | 'fileId'>): string | null {
  return fileId === null ? null : `${csvField(key)},${fileId}\r\n`;
}

/** RFC 4180, section 2. */
function csvField(text: string): string {
  // Spaces at the ends, and a mark in front, are kept by quotes with readers that drop them.
  return /[",\r\n]|^[\s\ufeff]|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** All that an import needs to make the same object, as one line of JSON. */
export async function jsonLine(
  { index }: Pick<CoreServices, 'index'>,
  object: ObjectRecord,
): Promise<string> {
  const { key, size, etag, lastModifiedMs, fileId, headers, userMetadata, tags, checksum } = object;
  const exported: ExportedObject = {
    key,
    ...(fileId === null ? {} : { fileId }),
    ...(fileId === null && size > 0 ? { segments: await segmentsOf(index, object) } : {}),
    ...{ size, etag, lastModified: new Date(lastModifiedMs).toISOString() },
    ...(Object.keys(headers).length > 0 && { headers: { ...headers } }),
    ...(Object.keys(userMetadata).length > 0 && { userMetadata: { ...userMetadata } }),
    ...(tags && { tags: { ...tags } }),
    ...(checksum && { checksum }),
  };
  return `${JSON.stringify(exported)}\n`;
}

async function segmentsOf(
  index: CoreServices['index'],
  { id, size }: ObjectRecord,
): Promise<NonNullable<ExportedObject['segments']>> {
  const segments: { fileId: string; offset: number; size: number }[] = [];
  for (let offset = 0; offset < size; ) {
    const page: readonly Segment[] = await index.listSegments(id, offset, SEGMENTS_PER_PAGE);
    for (const { fileId, fileOffset, size: length } of page) {
      segments.push({ fileId, offset: fileOffset, size: length });
    }
    const last = page.at(-1);
    if (last === undefined) break;
    offset = last.startOffset + last.size;
  }
  return segments;
}
