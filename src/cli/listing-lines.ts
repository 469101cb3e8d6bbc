import { createReadStream } from 'node:fs';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { UsageError } from './failures.ts';

/** No path of a file on FastDFS comes near to this. */
const LINE_LENGTH_MAX = 64 * 1024;

/**
 * The lines of a file, or of standard input when it is `-`, those of each chunk at once. Memory is
 * bounded: throws `UsageError` for what has no lines, or cannot be read. `onBytes` is told of
 * bytes that were read. A file whose name ends in `.gz` is decompressed.
 */
export async function* readListing(
  path: string,
  onBytes: (count: number) => void,
  lineLengthMax: number = LINE_LENGTH_MAX,
): AsyncGenerator<readonly string[], void, void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of openListing(path, onBytes)) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineLengthMax) {
      throw new UsageError(
        `${path} is no listing: it has a line of more than ${lineLengthMax / 1024} KiB.`,
      );
    }
    yield lines.map(withoutReturn);
  }
  yield [withoutReturn(rest + decoder.end())];
}

async function* openListing(
  path: string,
  onBytes: (count: number) => void,
): AsyncGenerator<Buffer, void, void> {
  try {
    yield* openSource(path, onBytes) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new UsageError(`The listing ${path} cannot be read: ${(error as Error).message}.`);
  }
}

/** The bytes of a source, decompressed; `onBytes` is told of those that were read. */
export function openSource(path: string, onBytes: (count: number) => void): Readable {
  const source = path === '-' ? process.stdin : createReadStream(path);
  const counted = new PassThrough({
    transform(chunk: Buffer, _encoding, done) {
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  // Whoever reads is told of failures: each stream is destroyed with the error of the one before.
  if (!path.endsWith('.gz')) return pipeline(source, counted, () => {});
  return pipeline(source, counted, createGunzip(), () => {});
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
