/** Whose turn it is, for several independent rounds. */
export class RoundRobin {
  readonly #positions = new Map<string, number>();

  /** The next of `items`, of which there must be one; they may differ from call to call. */
  next<T>(round: string, items: readonly T[]): T {
    const position = (this.#positions.get(round) ?? 0) % items.length;
    this.#positions.set(round, position + 1);
    const item = items[position];
    if (item === undefined) throw new RangeError(`nothing to take turns in ${round}`);
    return item;
  }
}
