import { Readable } from 'node:stream';
import type { MirrorSource, SourceBody } from './mirror-source.ts';

/** How often in a row a body may break off without another byte. */
const failuresMax = 4;

/**
 * The bytes of an object; where they break off, the rest is asked for from there, so that a large
 * object need not begin anew. Fails with the last failure, and with the signal's reason.
 */
export function resumedBody(
  source: MirrorSource,
  key: string,
  { head, body }: SourceBody,
  signal: AbortSignal,
): Readable {
  return Readable.from(chunksOf(source, key, { head, body }, signal), { objectMode: false });
}

async function* chunksOf(
  source: MirrorSource,
  key: string,
  first: Omit<SourceBody, 'tags'>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const { size, etag } = first.head;
  let body = first.body;
  let position = 0;
  for (let failures = 0; ; ) {
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        position += chunk.length;
        failures = 0;
        yield chunk;
      }
      if (size === null || position >= size) return;
      throw new Error(`The source sent ${position} of ${size} bytes.`);
    } catch (error) {
      failures += 1;
      const isHopeless = size === null || etag === null || position >= size;
      if (signal.aborted || isHopeless || failures === failuresMax) throw error;
      body = await source.openRest(key, etag, position, signal);
    }
  }
}
