import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { keylessUploadsKeptMs } from '../../core/multipart/keyless-uploads.ts';

/**
 * What a client holds of a block of a version 1 upload:
 *   version:uint8 bucketId:uint48 uploadId[22] chunkCount:uint16 offset:uint32 blockSize:uint32
 *   chain[20] mac[16]
 * in URL-safe base64 without padding. The upload's ID begins with the time of its start, in ms.
 */
export interface BlockContext {
  readonly bucketId: number;
  readonly uploadId: string;
  readonly chunkCount: number;
  /** Bytes stored so far. */
  readonly offset: number;
  readonly blockSize: number;
  /** Of the ETags of all chunks, see `chainOf`: another chunk in the place of one breaks it. */
  readonly chain: Buffer;
}

const version = 1;
const idSize = 22;
const chainSize = 20;
const macSize = 16;
const contentSize = 1 + 6 + idSize + 2 + 4 + 4 + chainSize;
const timeSize = 6;

/** Characters of a context. */
export const contextLength = Math.ceil(((contentSize + macSize) * 4) / 3);

export function encodeContext(context: BlockContext, secretKey: string): string {
  const content = Buffer.alloc(contentSize);
  content.writeUInt8(version, 0);
  content.writeUIntBE(context.bucketId, 1, 6);
  content.write(context.uploadId, 7, idSize, 'hex');
  let at = 7 + idSize;
  at = content.writeUInt16BE(context.chunkCount, at);
  at = content.writeUInt32BE(context.offset, at);
  at = content.writeUInt32BE(context.blockSize, at);
  context.chain.copy(content, at);
  return Buffer.concat([content, macOf(content, secretKey)]).toString('base64url');
}

/** Null for what is none, was made with another secret key, or is over. */
export function decodeContext(text: string, secretKey: string, nowMs: number): BlockContext | null {
  const bytes = Buffer.from(text, 'base64url');
  if (text.length !== contextLength || bytes.length !== contentSize + macSize) return null;
  const content = bytes.subarray(0, contentSize);
  if (!timingSafeEqual(bytes.subarray(contentSize), macOf(content, secretKey))) return null;
  const at = 7 + idSize;
  const context: BlockContext = {
    bucketId: content.readUIntBE(1, 6),
    uploadId: content.toString('hex', 7, at),
    chunkCount: content.readUInt16BE(at),
    offset: content.readUInt32BE(at + 2),
    blockSize: content.readUInt32BE(at + 6),
    chain: Buffer.from(content.subarray(at + 10)),
  };
  return content[0] === version && nowMs <= expiryOf(context.uploadId) ? context : null;
}

/** Until when a block can be used, from the start of its upload; in ms since 1970. */
export function expiryOf(uploadId: string): number {
  return Number.parseInt(uploadId.slice(0, timeSize * 2), 16) + keylessUploadsKeptMs;
}

/** Of the chunks of a block, one after the other; nothing comes before the first. */
export function nextChain(chain: Buffer | null, etag: string): Buffer {
  const hash = createHash('sha1');
  if (chain) hash.update(chain);
  return hash.update(etag).digest();
}

export function chainOf(etags: readonly string[]): Buffer {
  return etags.reduce<Buffer>(
    (chain, etag, at) => nextChain(at === 0 ? null : chain, etag),
    Buffer.alloc(0),
  );
}

function macOf(content: Buffer, secretKey: string): Buffer {
  const hmac = createHmac('sha256', secretKey).update('fastdfs-s3 block context\0');
  return hmac.update(content).digest().subarray(0, macSize);
}
