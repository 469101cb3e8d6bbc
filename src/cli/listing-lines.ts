import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { UsageError } from './failures.ts';

/** No path of a file on FastDFS comes near to this. */
const LINE_LENGTH_MAX = 64 * 1024;

/**
 * The lines of a file, or of standard input when it is `-`, those of each chunk at once. Memory is
 * bounded: throws `UsageError` for what has no lines, or cannot be read. `onBytes` is told of
 * bytes that were read.
 */
export async function* readListing(
  path: string,
  onBytes: (count: number) => void,
): AsyncGenerator<readonly string[], void, void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of openListing(path)) {
    onBytes(chunk.length);
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_LENGTH_MAX) {
      throw new UsageError(`${path} is no listing: it has a line of more than 64 KiB.`);
    }
    yield lines.map(withoutReturn);
  }
  yield [withoutReturn(rest + decoder.end())];
}

async function* openListing(path: string): AsyncGenerator<Buffer, void, void> {
  try {
    yield* path === '-' ? process.stdin : createReadStream(path);
  } catch (error) {
    throw new UsageError(`The listing ${path} cannot be read: ${(error as Error).message}.`);
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
