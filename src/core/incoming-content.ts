import type { Readable } from 'node:stream';
import type { ChecksumAlgorithm } from '../object-index/records.ts';

/** Digests that the client declared for the content; each one given must agree. */
export interface DeclaredDigests {
  /** `Content-MD5`, 16 bytes. */
  readonly md5?: Buffer;
  /** `x-amz-content-sha256`, lower-case hex. */
  readonly sha256Hex?: string;
  /** `x-amz-checksum-*` header or trailer, base64. */
  readonly checksumValue?: string;
}

/**
 * The decoded bytes of a request's body (no chunk framing), and what the client said of them.
 * An edge makes it; core checks it and stores it.
 */
export interface IncomingContent {
  /** Bytes of decoded content, known in advance. */
  readonly size: number;
  /**
   * So many bytes more or fewer may come, because the framing does not tell exactly (forms);
   * at most some 100 KiB. None when left out.
   */
  readonly sizeToleranceBytes?: number;
  /** The checksum that the client declares in a header or announced in a trailer; else null. */
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
  /** True when the SHA-256 of the content is declared and has to be computed. */
  readonly declaresSha256: boolean;
  /**
   * The content; read once. Asking for it sends `100 Continue` when the client waits for that.
   * Fails with a `GatewayError` when chunk signatures, lengths or trailers are wrong, the client
   * is gone or it stalls.
   */
  open(): Readable;
  /** All declared digests; complete only after the content ended, because trailers count too. */
  declared(): DeclaredDigests;
}
