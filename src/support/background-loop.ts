import { rest } from './rest.ts';

/** Does one thing again and again, with a rest between, until it is stopped. */
export class BackgroundLoop {
  readonly #step: () => Promise<void>;
  readonly #intervalMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;

  /** `onError` is told why a step rejected; the next one comes all the same. */
  constructor(
    step: () => Promise<void>,
    options: { readonly intervalMs: number; readonly onError: (error: unknown) => void },
  ) {
    this.#step = step;
    this.#intervalMs = options.intervalMs;
    this.#onError = options.onError;
  }

  /** Aborted when the loop is stopped: long steps should end early. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the step that runs has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#step();
      } catch (error) {
        this.#onError(error);
      }
      await rest(this.#intervalMs, signal);
    }
  }
}
