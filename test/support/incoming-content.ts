import { Readable } from 'node:stream';
import type { DeclaredDigests, IncomingContent } from '../../src/core/incoming-content.ts';
import type { ChecksumAlgorithm } from '../../src/object-index/records.ts';

/** A request's body as an edge would give it. */
export function incomingContent(
  chunks: string | Buffer | Iterable<Buffer> | AsyncIterable<Buffer>,
  options: {
    /** As declared; the true size when left out, which needs a body in one piece. */
    readonly size?: number;
    readonly declared?: DeclaredDigests;
    readonly checksumAlgorithm?: ChecksumAlgorithm;
  } = {},
): IncomingContent {
  const body = typeof chunks === 'string' ? Buffer.from(chunks) : chunks;
  const isWhole = Buffer.isBuffer(body);
  const declared = options.declared ?? {};
  return {
    size: options.size ?? (isWhole ? body.length : Number.NaN),
    checksumAlgorithm: options.checksumAlgorithm ?? null,
    declaresSha256: declared.sha256Hex !== undefined,
    open: () => Readable.from(isWhole ? [body] : body, { objectMode: false }),
    declared: () => declared,
  };
}

/** Reads a body to its end. */
export async function bytesOf(body: Buffer | Readable | null): Promise<Buffer> {
  if (Buffer.isBuffer(body)) return body;
  const chunks: Buffer[] = [];
  if (body) for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
