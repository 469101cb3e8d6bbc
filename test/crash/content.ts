import { createCipheriv, createHash, type Hash } from 'node:crypto';

/** An object's content, known by what follows from it: no bytes are kept. */
export interface Value {
  /** Unique, and in the user metadata of what the harness writes. */
  readonly tag: string;
  readonly size: number;
  /** MD5 of all bytes, hex. */
  readonly md5: string;
  /** Without quotes. Different contents have different ones. */
  readonly etag: string;
}

/** Content that a request sends, and how the gateway cuts it into files. */
/** Of all keys of the harness but those of versions and logs. */
export const BUCKET = 'crash';

export interface SentContent {
  readonly tag: string;
  readonly sizeBytes: number;
  readonly segmentSizeBytes: number;
}

/** The tag of objects that were copied onto themselves with new metadata. */
export const SELF_COPY_TAG = 'self';

/** Bytes that follow from the name alone; no two names have bytes in common. */
export function contentOf(name: string, sizeBytes: number): Buffer {
  const key = createHash('sha256').update(name).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

/** Files that the gateway makes of it, at most. */
export function filesMaxOf({ sizeBytes, segmentSizeBytes }: SentContent): number {
  return Math.ceil(sizeBytes / segmentSizeBytes);
}

/** MD5s of the files that the gateway may make of it. */
export function fileDigestsOf(sent: SentContent): string[] {
  const content = contentOf(sent.tag, sent.sizeBytes);
  return Array.from({ length: filesMaxOf(sent) }, (_, number) => {
    const start = number * sent.segmentSizeBytes;
    return md5Of(content.subarray(start, start + sent.segmentSizeBytes));
  });
}

export function md5Of(content: Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

/** What PutObject makes of the content. */
export function storedValueOf(tag: string, content: Buffer): Value {
  const md5 = md5Of(content);
  return { tag, size: content.length, md5, etag: md5 };
}

export interface PartContent {
  readonly size: number;
  /** MD5 hex of the part. */
  readonly etag: string;
  /** Adds the part's bytes. */
  readonly addTo: (hash: Hash) => void;
}

/** What CompleteMultipartUpload makes of the parts. */
export function valueOfParts(tag: string, parts: readonly PartContent[]): Value {
  const whole = createHash('md5');
  const etags = createHash('md5');
  for (const part of parts) {
    part.addTo(whole);
    etags.update(part.etag, 'hex');
  }
  return {
    tag,
    size: parts.reduce((sum, part) => sum + part.size, 0),
    md5: whole.digest('hex'),
    etag: `${etags.digest('hex')}-${parts.length}`,
  };
}
