import { closeSync, fsync, openSync } from 'node:fs';
import { promisify } from 'node:util';

const fsyncAsync = promisify(fsync);

interface SyncState {
  running: Promise<void>;
  next: Promise<void> | null;
}

/**
 * Makes names in directories durable. Everyone who asks while an fsync of the same directory is
 * under way shares the one that follows it, so many uploads a second cost few fsyncs.
 */
export class DirectorySync {
  readonly #states = new Map<string, SyncState>();

  /** Resolves when all names that `directory` held at the call are on disk. */
  sync(directory: string): Promise<void> {
    const state = this.#states.get(directory);
    if (state === undefined) return this.#start(directory);
    // The running fsync may have passed the caller's name already: only the next one counts.
    state.next ??= state.running.then(
      () => this.#start(directory),
      () => this.#start(directory),
    );
    return state.next;
  }

  #start(directory: string): Promise<void> {
    const running = fsyncDirectory(directory);
    const state: SyncState = { running, next: null };
    this.#states.set(directory, state);
    const forget = () => {
      if (state.next === null && this.#states.get(directory) === state) {
        this.#states.delete(directory);
      }
    };
    running.then(forget, forget);
    return running;
  }
}

async function fsyncDirectory(directory: string): Promise<void> {
  const fd = openSync(directory, 'r');
  try {
    await fsyncAsync(fd);
  } finally {
    closeSync(fd);
  }
}
