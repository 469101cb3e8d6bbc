/** Ends with the work that it may cut off. */
export interface Interruption {
  /** Aborted by SIGINT or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Leaves both signals to the process again. */
  release(): void;
}

/** Lets a long command end in order, with what it has to say, when it is told to stop. */
export function takeInterruption(): Interruption {
  const stopping = new AbortController();
  const stop = () => {
    release();
    stopping.abort(new Error('interrupted'));
  };
  const release = () => {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return { signal: stopping.signal, release };
}
