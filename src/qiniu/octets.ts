import { decodeUtf8 } from './encodings.ts';

/** Text as header octets, one character each, which is how user metadata is kept. */
export function toOctets(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** What such octets say where they are UTF-8; else as they are. */
export function fromOctets(octets: string): string {
  return decodeUtf8(Buffer.from(octets, 'latin1')) ?? octets;
}
