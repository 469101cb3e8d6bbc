import { LOG_BUCKET, type LogBook, type LogShelf, md5OfPieces, sizeOfPieces } from './log-book.ts';
import { fetchLog } from './log-writes.ts';
import type { Requests } from './requests.ts';
import { Violation } from './violation.ts';

/**
 * Reads all logs while nothing writes. Throws `Violation` unless each holds all that was
 * acknowledged, and each change without an answer has happened to all of its keys or to none;
 * takes what is found as known from now on.
 */
export async function verifyLogs(requests: Requests, book: LogBook): Promise<void> {
  for (const shelf of book.shelves) await verifyShelf(requests, shelf);
  await verifyLogListing(requests, book);
}

async function verifyShelf(requests: Requests, shelf: LogShelf): Promise<void> {
  const found = new Map<string, string | null | undefined>();
  for (const key of shelf.keys) found.set(key, await fetchLog(requests, key));
  for (const key of shelf.settledKeys) {
    const pieces = shelf.heldOf(key);
    if (found.get(key) === md5OfPieces(pieces)) continue;
    throw new Violation('a log lost what was acknowledged', { key, found: found.get(key), pieces });
  }
  for (const change of shelf.openChanges) {
    const { operation, after } = change;
    const changed = [...after];
    const isAfter = changed.every(([key, pieces]) => found.get(key) === md5OfPieces(pieces));
    const isBefore = changed.every(([key]) => found.get(key) === md5OfPieces(shelf.heldOf(key)));
    if (!isAfter && !isBefore) {
      const states = changed.map(([key, pieces]) => {
        return { key, found: found.get(key), before: shelf.heldOf(key), after: pieces };
      });
      throw new Violation(`${operation} has neither happened nor not happened`, { states });
    }
    shelf.end(change, isAfter);
  }
}

async function verifyLogListing(requests: Requests, { shelves }: LogBook): Promise<void> {
  const answer = await requests.send('GET', `/${LOG_BUCKET}?list-type=2&max-keys=1000`);
  const listed = [...answer.body.toString().matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(
    ([, text = '']) => `${/<Key>(.*?)</.exec(text)?.[1]} ${/<Size>(\d+)</.exec(text)?.[1]}`,
  );
  const held = shelves.flatMap((shelf) =>
    shelf.keys.map((key) => ({ key, size: sizeOfPieces(shelf.heldOf(key)) })),
  );
  const expected = held.filter(({ size }) => size > 0).map(({ key, size }) => `${key} ${size}`);
  if (listed.join('\n') === expected.sort().join('\n')) return;
  const { status } = answer;
  throw new Violation('the listing disagrees with the logs', { status, listed, expected });
}
