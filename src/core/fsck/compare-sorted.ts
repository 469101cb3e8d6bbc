/** A text of the first list, and whether the second one has it too. */
export interface Compared {
  readonly text: string;
  readonly isFound: boolean;
}

/**
 * Goes through two lists side by side, both in the order of their bytes, and tells of each text of
 * the first one whether the second one has it. Texts of the first are ASCII, each there once;
 * those of the second may be anything and repeated. Memory: one batch of each.
 */
export async function* compareSorted(
  texts: AsyncIterable<readonly string[]>,
  others: AsyncIterable<readonly string[]>,
): AsyncGenerator<readonly Compared[], void, void> {
  const other = others[Symbol.asyncIterator]();
  try {
    let batch: readonly string[] = [];
    let position = 0;
    for await (const wanted of texts) {
      const compared: Compared[] = [];
      for (const text of wanted) {
        // ASCII sorts the same by bytes and by UTF-16, also against what is not ASCII.
        for (
          let next = batch[position];
          next === undefined || next < text;
          next = batch[position]
        ) {
          if (next !== undefined) {
            position += 1;
            continue;
          }
          const step = await other.next();
          if (step.done) break;
          batch = step.value;
          position = 0;
        }
        compared.push({ text, isFound: batch[position] === text });
      }
      yield compared;
    }
  } finally {
    await other.return?.();
  }
}
