import { inParallel } from '../support/in-parallel.ts';
import type { ExpectedState } from './expected-state.ts';
import type { Held } from './key-history.ts';
import { checkHead, readSettling } from './object-reads.ts';
import { type Requests, targetOf, unquoted } from './requests.ts';
import { Violation } from './violation.ts';

/**
 * Reads the keys, on all connections, while nothing writes, throws `Violation` where one does not
 * hold what it may hold, and takes what they hold as known from now on.
 */
export async function verifyKeys(
  connections: readonly Requests[],
  state: ExpectedState,
  keys: readonly string[],
): Promise<void> {
  const found = new Map<string, Held>();
  const free = [...connections];
  await inParallel(connections.length, keys.length, async (number) => {
    const requests = free.pop();
    const key = keys[number];
    if (!requests || key === undefined) throw new Error('one connection for each worker');
    const held = await readSettling(requests, key);
    if (number % 8 === 0) await checkHead(requests, key, held);
    found.set(key, held);
    free.push(requests);
  });
  // Not before all are read: what a copy may have made of a key follows from the writes to others.
  for (const [key, held] of found) state.settle(key, held);
}

/** The keys of which at most one creation may have succeeded: nobody overwrites or deletes them. */
export function verifyOnlyCreated(state: ExpectedState, keys: readonly string[]): void {
  for (const key of keys) {
    const writes = state.writesOf(key);
    const created = writes.filter((write) => write.outcome === 'acknowledged');
    if (created.length > 1) throw new Violation('a key was created twice', { key, writes });
  }
}

/** Throws unless the listing has exactly the keys that hold objects, as they are. All are settled. */
export async function verifyListing(requests: Requests, state: ExpectedState): Promise<void> {
  const expected = new Map<string, string>();
  for (const key of state.allKeys) {
    const held = state.settledOf(key);
    if (held) expected.set(key, `${held.etag} ${held.size}`);
  }
  const wrong: unknown[] = [];
  let previous = '';
  for await (const { key, etag, size } of listObjects(requests)) {
    const isInOrder = previous === '' || previous < key;
    if (expected.get(key) !== `${etag} ${size}` || !isInOrder) {
      wrong.push({ key, listed: { etag, size }, expected: expected.get(key) ?? null, previous });
    }
    expected.delete(key);
    previous = key;
  }
  if (wrong.length === 0 && expected.size === 0) return;
  throw new Violation('the listing disagrees with the objects', {
    wrong: wrong.slice(0, 10),
    notListed: [...expected].slice(0, 10),
  });
}

interface ListedObject {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
}

async function* listObjects(requests: Requests): AsyncGenerator<ListedObject> {
  for (let after = ''; ; ) {
    const query = `?list-type=2&max-keys=1000&start-after=${encodeURIComponent(after)}`;
    const answer = await requests.send('GET', targetOf('', query));
    const text = answer.body.toString();
    if (answer.status !== 200) throw new Violation('the objects cannot be listed', { text });
    for (const [, object = ''] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
      after = /<Key>(.*?)</.exec(object)?.[1] ?? '';
      const etag = unquoted(/<ETag>(.*?)</.exec(object)?.[1]);
      yield { key: after, etag, size: Number(/<Size>(\d+)</.exec(object)?.[1]) };
    }
    if (!text.includes('<IsTruncated>true')) return;
  }
}
