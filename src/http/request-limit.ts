/** Requests that all doors of a process serve at a time; each may hold some MiB. */
export class RequestLimit {
  readonly #max: number;
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Each needs a `leave`. False when it is one too many, and is to be told to slow down. */
  enter(): boolean {
    this.#count += 1;
    return this.#count <= this.#max;
  }

  leave(): void {
    this.#count -= 1;
  }
}
