import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * A list, or a text, piece by piece: the event loop serves others between two pieces. For work on
 * lists that clients send, which may be long.
 */
export async function* inSlices<Sliceable extends string | readonly unknown[]>(
  whole: Sliceable,
  sliceLength: number,
): AsyncGenerator<Sliceable> {
  for (let start = 0; start < whole.length; start += sliceLength) {
    if (start > 0) await nextTurn();
    yield whole.slice(start, start + sliceLength) as Sliceable;
  }
}
