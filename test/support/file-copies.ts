import type { FileCopy } from '../../src/blob-store/blob-store.ts';

/** What storage servers a:1, b:1, c:1 … say, in order. */
export function copiesOf(...states: readonly FileCopy['state'][]): FileCopy[] {
  return states.map((state, index) => ({
    server: `${String.fromCharCode(97 + index)}:1`,
    isSource: index === 0,
    state,
    problem: null,
  }));
}
