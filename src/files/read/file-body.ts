import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ByteRange } from '../../core/byte-range.ts';
import type { CoreServices } from '../../core/services.ts';
import { type FileFacts, openFailure, requireFile } from './file-facts.ts';
import { contentRange } from './ranges.ts';

/** A range up to this many bytes is read whole before it is sent. */
const wholeReadSizeMax = 128 * 1024;

/** What is sent in the order it is sent: bytes of ours, or a range of the file. */
export type BodyPiece = Buffer | ByteRange;

export function pieceSize(piece: BodyPiece): number {
  return Buffer.isBuffer(piece) ? piece.length : piece.size;
}

/** Several ranges as one body (RFC 9110, section 14.6). */
export function multipartRanges(
  ranges: readonly ByteRange[],
  { size, contentType }: { readonly size: number; readonly contentType: string },
): { readonly contentType: string; readonly pieces: readonly BodyPiece[] } {
  const boundary = randomBytes(16).toString('hex');
  const headOf = (range: ByteRange) =>
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`,
      'latin1',
    );
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    pieces: [
      ...ranges.flatMap((range): BodyPiece[] => [headOf(range), range]),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ],
  };
}

/**
 * Opens what is to be sent of a file. Resolves when the first bytes of the file are known to come.
 * Throws `FilesError` 404 or `BlobStoreError`. The file is not deleted before the body is closed.
 */
export async function openBody(
  core: Pick<CoreServices, 'blobs' | 'openFiles'>,
  facts: FileFacts,
  pieces: readonly BodyPiece[],
  signal: AbortSignal,
): Promise<Buffer | Readable> {
  const { fileId } = facts;
  const held = core.openFiles.hold();
  held.add(fileId);
  try {
    const opened = await open(core, facts, pieces, signal);
    if (Buffer.isBuffer(opened) || opened.closed) held.release();
    else opened.once('close', () => held.release());
    return opened;
  } catch (error) {
    held.release();
    throw await openFailure(core, fileId, error, signal);
  }
}

async function open(
  { blobs }: Pick<CoreServices, 'blobs'>,
  facts: FileFacts,
  pieces: readonly BodyPiece[],
  signal: AbortSignal,
): Promise<Buffer | Readable> {
  const { fileId } = facts;
  const ranges = pieces.filter((piece): piece is ByteRange => !Buffer.isBuffer(piece));
  const [only] = pieces;
  if (facts.size === 0 || only === undefined) {
    await requireFile({ blobs }, facts, signal);
    return Buffer.alloc(0);
  }
  const toPiece = ({ start, size }: ByteRange) => ({ fileId, offset: start, size });
  if (pieces.length === 1 && !Buffer.isBuffer(only)) {
    return only.size <= wholeReadSizeMax
      ? await blobs.read(toPiece(only), { signal })
      : await blobs.open([toPiece(only)], { signal });
  }
  const [firstRange] = ranges;
  // Before the answer begins, so that it can still be a refusal.
  const first = firstRange ? await blobs.open([toPiece(firstRange)], { signal }) : null;
  const chunks = async function* () {
    let opened = first;
    for (const piece of pieces) {
      if (Buffer.isBuffer(piece)) yield piece;
      else {
        yield* opened ?? (await blobs.open([toPiece(piece)], { signal }));
        opened = null;
      }
    }
  };
  const body = Readable.from(chunks(), { objectMode: false, highWaterMark: wholeReadSizeMax });
  // A body that is given up before its first piece was read never comes to closing that.
  if (first) body.once('close', () => first.destroy());
  return body;
}
