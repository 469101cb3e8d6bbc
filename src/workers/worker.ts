import type { FromWorker, QuestionName, Questions, ToWorker, WorkerSettings } from './messages.ts';
import type { WorkerExit, WorkerProcess } from './worker-process.ts';

/** The process that was asked has ended: it needs nothing any more. */
export class WorkerGoneError extends Error {
  constructor(number: number) {
    super(`worker ${number} has ended`);
    this.name = 'WorkerGoneError';
  }
}

export interface WorkerEvents {
  serving(worker: Worker): void;
  ended(worker: Worker, exit: WorkerExit): void;
}

/**
 * - `starting`: it has opened nothing yet.
 * - `opening`: it opens the index, and may serve before the primary knows it.
 */
type Phase = 'starting' | 'opening' | 'serving' | 'ended';

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One worker process, from its start to its end, as the primary sees it. */
export class Worker {
  readonly number: number;
  readonly pid: number;
  readonly startedAtMs = performance.now();
  readonly #process: WorkerProcess;
  readonly #settings: WorkerSettings;
  readonly #events: WorkerEvents;
  readonly #pending = new Map<number, Pending>();
  #lastQuestion = 0;
  #phase: Phase = 'starting';
  #failure: string | null = null;
  #hasServed = false;

  constructor(process: WorkerProcess, settings: WorkerSettings, events: WorkerEvents) {
    this.number = settings.number;
    this.pid = process.pid;
    this.#process = process;
    this.#settings = settings;
    this.#events = events;
    process.onMessage((message) => this.#receive(message));
    process.onExit((exit) => this.#end(exit));
  }

  get phase(): Phase {
    return this.#phase;
  }

  get hasServed(): boolean {
    return this.#hasServed;
  }

  /** Why it could not start, in its own words; null when it said nothing. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Rejects with `WorkerGoneError` when the process ends before it answers. */
  ask<Name extends QuestionName>(
    name: Name,
    asked: Questions[Name]['asked'],
  ): Promise<Questions[Name]['answer']> {
    if (this.#phase === 'ended') return Promise.reject(new WorkerGoneError(this.number));
    this.#lastQuestion += 1;
    const id = this.#lastQuestion;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject });
      this.#send({ kind: 'ask', id, name, asked });
    });
  }

  /** Lets its requests end, for so long; one that does not serve yet is ended at once. */
  stop(graceMs: number): void {
    if (this.#phase === 'serving') this.#send({ kind: 'stop', graceMs });
    else if (this.#phase !== 'ended') this.#process.kill('SIGKILL');
  }

  #send(message: ToWorker): void {
    this.#process.send(message);
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'hello':
        this.#send({ kind: 'begin', settings: this.#settings });
        break;
      case 'locked':
        this.#phase = 'opening';
        this.#send({ kind: 'go' });
        break;
      case 'serving':
        this.#phase = 'serving';
        this.#hasServed = true;
        this.#events.serving(this);
        break;
      case 'failed':
        this.#failure = message.message;
        break;
      case 'answer':
        this.#take(message.id)?.resolve(message.answer);
        break;
      case 'no-answer':
        this.#take(message.id)?.reject(new Error(`worker ${this.number}: ${message.message}`));
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #end(exit: WorkerExit): void {
    this.#phase = 'ended';
    const gone = new WorkerGoneError(this.number);
    for (const { reject } of this.#pending.values()) reject(gone);
    this.#pending.clear();
    this.#events.ended(this, exit);
  }
}
