import type { FilePiece } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { toBlobStoreError } from './fastdfs-errors.ts';
import { PieceDownload } from './piece-download.ts';

/**
 * All bytes of a piece: none are handed on before all have come, so that wrong ones of a whole
 * file are replaced unseen. Rejects with `BlobStoreError` or the signal's reason.
 */
export async function readPiece(
  cluster: Cluster,
  piece: FilePiece,
  signal: AbortSignal,
): Promise<Buffer> {
  const download = new PieceDownload(cluster, piece, signal, null);
  try {
    await download.run();
  } catch (error) {
    throw toBlobStoreError(error);
  }
  const chunks = download.takeHeld();
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, piece.size);
}
