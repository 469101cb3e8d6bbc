import { z } from 'zod';
import { type BlobStore, BlobStoreError } from '../../blob-store/blob-store.ts';
import { malformed, type SourceLine } from './source-lines.ts';

const size = z.number().int().min(0);
const text = z.string();

/** One line of an export in JSON, which an import reads. */
export const exportedObject = z.object({
  key: text.min(1),
  /** The file when the object is exactly one; else `segments`, in order. Neither when it is empty. */
  fileId: text.optional(),
  segments: z
    .array(z.object({ fileId: text, offset: size, size: size.min(1) }))
    .max(1_000_000)
    .optional(),
  size,
  /** MD5, that of a multipart object, or what an import gave one. */
  etag: z
    .string()
    .regex(/^(?:[0-9a-f]{32}(?:-[1-9][0-9]*)?|(?:f-)?[0-9a-f]{8}-[0-9]+-fdfs)$/)
    .optional(),
  lastModified: z.iso.datetime().optional(),
  headers: z.record(text, text).optional(),
  userMetadata: z.record(text, text).optional(),
  tags: z.record(text, text).optional(),
  checksum: z
    .object({
      algorithm: z.enum(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']),
      type: z.enum(['FULL_OBJECT', 'COMPOSITE']),
      value: text,
    })
    .optional(),
});
export type ExportedObject = z.infer<typeof exportedObject>;

export function readExportedLine(
  line: string,
  lineNumber: number,
  blobs: Pick<BlobStore, 'describeFile'>,
): SourceLine {
  const wrong = (problem: string) => malformed(lineNumber, problem, line);
  let values: unknown;
  try {
    values = JSON.parse(line);
  } catch {
    return wrong('it is no JSON');
  }
  const read = exportedObject.safeParse(values);
  if (!read.success) {
    const [issue] = read.error.issues;
    return wrong(`${issue?.path.join('.') || 'it'}: ${issue?.message}`);
  }
  const { key, ...object } = read.data;
  const pieces = segmentsOf(object);
  const sum = pieces.reduce((total, piece) => total + piece.size, 0);
  if (sum !== object.size) return wrong(`its files have ${sum} bytes of ${object.size}`);
  for (const { fileId } of pieces) {
    try {
      blobs.describeFile(fileId);
    } catch (error) {
      if (!(error instanceof BlobStoreError)) throw error;
      return wrong(`${fileId.slice(0, 100)} is no file ID`);
    }
  }
  const detail = JSON.stringify(object);
  const fileIds = pieces.map(({ fileId }) => fileId);
  return { line: lineNumber, kind: 'row', key, fileIds, detail };
}

/** What an object is made of; one file stands for all of its bytes. */
export function segmentsOf({
  fileId,
  segments,
  size,
}: Pick<ExportedObject, 'fileId' | 'segments' | 'size'>): NonNullable<ExportedObject['segments']> {
  if (size === 0) return [];
  return fileId === undefined ? (segments ?? []) : [{ fileId, offset: 0, size }];
}
