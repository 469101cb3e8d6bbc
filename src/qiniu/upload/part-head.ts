import type { CoreServices } from '../../core/services.ts';

/** The first bytes of a part, fewer where its first file has fewer; none where it has none. */
export async function readPartHead(
  { index, blobs }: CoreServices,
  uploadId: string,
  partNumber: number,
  sizeBytes: number,
): Promise<Buffer> {
  const start = await index.findPartStart(uploadId, partNumber);
  if (!start) return Buffer.alloc(0);
  const { fileId, fileOffset: offset, size } = start;
  const piece = { fileId, offset, size: Math.min(size, sizeBytes) };
  return await blobs.read(piece, { signal: AbortSignal.timeout(readTimeoutMs) });
}

const readTimeoutMs = 30_000;
