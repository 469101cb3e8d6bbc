import { readFileSync, statSync } from 'node:fs';
import { nginxMediaTypeOf } from '../../core/nginx-media-types.ts';

const sizeBytesMax = 16 * 1024 * 1024;

/** What is shown in the place of a file whose token is wrong. */
export interface Substitute {
  readonly content: Buffer;
  readonly contentType: string;
}

/** Reads it once, at the start. Throws a sentence for the operator when that fails. */
export function readSubstitute(path: string): Substitute {
  const setting = `GATEWAY_FILES_TOKEN_SUBSTITUTE=${path}`;
  try {
    const { size } = statSync(path);
    if (size > sizeBytesMax) throw new Error(`it has more than ${sizeBytesMax} bytes`);
    return { content: readFileSync(path), contentType: nginxMediaTypeOf(path) };
  } catch (error) {
    throw new Error(`${setting} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
