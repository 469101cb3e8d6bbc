import { Readable } from 'node:stream';
import { GatewayError } from '../../core/errors.ts';
import type { DeclaredDigests, IncomingContent } from '../../core/incoming-content.ts';
import { BodyStream } from '../../http/body-stream.ts';
import { PlainDecoder } from '../../http/content-decoder.ts';
import type { QiniuRequest, QiniuServices } from '../operation.ts';
import { openBody } from '../read-body.ts';

interface ExpectedContent {
  readonly sizeBytesMax: number;
  /** Digests that the client declared. */
  readonly declared?: DeclaredDigests;
}

/**
 * Lets `use` store a request's body: from the connection when its length is declared, else from the
 * spool. Throws `EntityTooLarge`, `IncompleteBody`, `RequestTimeout` and what `use` throws.
 */
export async function withContent<Result>(
  request: QiniuRequest,
  { core, bodyPace }: QiniuServices,
  { sizeBytesMax, declared = {} }: ExpectedContent,
  use: (content: IncomingContent) => Promise<Result>,
): Promise<Result> {
  const { exchange, signal } = request;
  const size = declaredSize(request);
  if (size !== null) {
    if (size > sizeBytesMax) throw tooLarge(size, sizeBytesMax);
    const open = () => {
      const stream: BodyStream = new BodyStream(exchange.incoming, new PlainDecoder(size), {
        pace: bodyPace,
        onOpen: () => exchange.readBody(stream),
      });
      return stream;
    };
    return await use(contentOf(size, size === 0 ? () => Readable.from([]) : open, declared));
  }
  const spooled = core.spool.create();
  try {
    await spooled.fill(openBody(exchange, sizeBytesMax, bodyPace), { signal });
    return await use(contentOf(spooled.size, () => spooled.open(), declared));
  } finally {
    spooled.release();
  }
}

/** Null for a body in chunks. */
export function declaredSize({ exchange }: Pick<QiniuRequest, 'exchange'>): number | null {
  const { headers } = exchange.incoming;
  if (headers['transfer-encoding'] !== undefined) return null;
  return Number(headers['content-length'] ?? 0);
}

export function contentOf(
  size: number,
  open: () => Readable,
  declared: DeclaredDigests = {},
): IncomingContent {
  return {
    size,
    checksumAlgorithm: declared.checksumValue === undefined ? null : 'CRC32',
    declaresSha256: false,
    open,
    declared: () => declared,
  };
}

function tooLarge(size: number, sizeBytesMax: number): GatewayError {
  return new GatewayError('EntityTooLarge', {
    ProposedSize: size,
    MaxSizeAllowed: sizeBytesMax,
  });
}
