import { readFileSync, statSync } from 'node:fs';
import { nginxMediaTypeOf } from '../../core/nginx-media-types.ts';

const sizeBytesMax = 16 * 1024 * 1024;

/** What is shown in the place of a file whose token is wrong. */
export interface Substitute {
  readonly content: Buffer;
  readonly contentType: string;
}

/** Reads it once, at the start. Throws what the system says, or that it is too large. */
export function readSubstitute(path: string): Substitute {
  if (statSync(path).size > sizeBytesMax) {
    throw new Error(`${path} has more than ${sizeBytesMax} bytes`);
  }
  return { content: readFileSync(path), contentType: nginxMediaTypeOf(path) };
}
