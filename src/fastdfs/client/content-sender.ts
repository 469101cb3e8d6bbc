import type { FastdfsConnection } from './connection.ts';
import { ContentSizeError } from './errors.ts';
import type { Exchange } from './exchange.ts';

/**
 * Sends `head`, then exactly the announced bytes of `content`. The last chunk is held back until the
 * content has ended properly: content that fails at its end (a wrong digest, a bad trailer) then
 * leaves an unfinished upload, which the storage server removes, and not a file.
 *
 * Rejects with what the content throws, or with `ContentSizeError`. Resolves early, and gives the
 * content up, when the exchange ends while content is left.
 */
export async function sendContent(
  connection: FastdfsConnection,
  exchange: Exchange,
  head: Buffer,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  const size = exchange.contentSize;
  const iterator = content[Symbol.asyncIterator]();
  let unsentHead: Buffer | null = head;
  let received = 0;
  let lastChunk: Buffer | null = null;
  while (!exchange.isOver) {
    exchange.waitsForCaller = true;
    const step = await iterator.next();
    exchange.waitsForCaller = false;
    if (step.done) {
      if (received !== size) throw new ContentSizeError(size, received);
      if (!exchange.isOver) connection.writer.write(exchange, unsentHead, lastChunk);
      return;
    }
    const chunk = step.value;
    received += chunk.length;
    if (received > size) {
      giveUp(iterator);
      throw new ContentSizeError(size, received);
    }
    if (chunk.length === 0 || exchange.isOver) continue;
    if (received === size) {
      lastChunk = chunk;
      continue;
    }
    const takesMore = connection.writer.write(exchange, unsentHead, chunk);
    unsentHead = null;
    if (!takesMore) await connection.writer.drained();
  }
  giveUp(iterator);
}

/** Lets the source free what it holds; the exchange has its error already. */
function giveUp(iterator: AsyncIterator<Buffer>): void {
  iterator.return?.().catch(() => {});
}
