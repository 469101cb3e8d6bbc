import { FieldReader } from './fields.ts';

/** Codec of the many bodies that hold nothing. */
export function encodeEmpty(): Buffer {
  return Buffer.alloc(0);
}

/** Throws `ProtocolError` when there is a body. */
export function decodeEmpty(body: Buffer): void {
  new FieldReader(body).end();
}
