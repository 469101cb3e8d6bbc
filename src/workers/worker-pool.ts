import type { Logger } from '../support/logger.ts';
import {
  INDEX_LOST_EXIT_CODE,
  type QuestionName,
  type Questions,
  type WorkerSettings,
} from './messages.ts';
import { Worker, type WorkerEvents, WorkerGoneError } from './worker.ts';
import { forkWorker, type WorkerExit, type WorkerProcess } from './worker-process.ts';

export interface WorkerPoolOptions {
  readonly count: number;
  readonly logger: Logger;
  /** Told when the index cannot be trusted any more: the caller should end. */
  readonly onFailure: (error: Error) => void;
  /** Told of a process that has ended. */
  readonly onEnded?: (worker: Worker) => void;
  /** Replaced in tests. */
  readonly fork?: () => WorkerProcess;
}

interface PoolAnswer<Name extends QuestionName> {
  readonly worker: Worker;
  readonly answer: Questions[Name]['answer'];
}

export interface PoolAnswers<Name extends QuestionName> {
  readonly answers: readonly PoolAnswer<Name>[];
  /** One sentence for each process that runs and gave no answer in time. */
  readonly missing: readonly string[];
}

/** A worker that has lived for so long starts again at once when it ends; … */
const STEADY_MS = 10_000;
/** … another one after this time, twice that the next time … */
const RESTART_DELAY_MS_MIN = 100;
/** … and at last so long. */
const RESTART_DELAY_MS_MAX = 10_000;

/**
 * The processes that serve S3. One that ends is started again; all of them end when this process
 * does, in whatever way.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #fork: () => WorkerProcess;
  readonly #workers = new Map<number, Worker>();
  readonly #restarts = new Map<number, NodeJS.Timeout>();
  /** Ends in a row, each soon after its start, by number. */
  readonly #quickEnds = new Map<number, number>();
  /** Processes that did not stop as they were told. */
  readonly #failedStops: string[] = [];
  #settingsFor: ((number: number) => WorkerSettings) | null = null;
  #starting: { resolve: () => void; reject: (error: Error) => void } | null = null;
  #isStopping = false;
  #onStopped: (() => void) | null = null;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#fork = options.fork ?? forkWorker;
  }

  /** Workers there should be. */
  get count(): number {
    return this.#options.count;
  }

  get servingCount(): number {
    return [...this.#workers.values()].filter(({ phase }) => phase === 'serving').length;
  }

  /** Resolves when all workers serve. Rejects, in the worker's words, when one cannot start. */
  start(settingsFor: (number: number) => WorkerSettings): Promise<void> {
    this.#settingsFor = settingsFor;
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
      for (let number = 1; number <= this.#options.count; number += 1) this.#start(number);
    });
  }

  /**
   * Lets requests under way end, for so long; resolves when no process is left. Rejects when one
   * did not end as it should.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#starting = null;
    for (const timer of this.#restarts.values()) clearTimeout(timer);
    for (const worker of this.#workers.values()) worker.stop(graceMs);
    if (this.#workers.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onStopped = resolve;
      });
    }
    if (this.#failedStops.length > 0) throw new Error(this.#failedStops.join('; '));
  }

  /** Asks all processes that may be serving. Never rejects. */
  async ask<Name extends QuestionName>(
    name: Name,
    asked: Questions[Name]['asked'],
    timeoutMs: number,
  ): Promise<PoolAnswers<Name>> {
    const answers: PoolAnswer<Name>[] = [];
    const missing: string[] = [];
    const askOne = async (worker: Worker) => {
      try {
        const answer = await within(timeoutMs, worker, worker.ask(name, asked));
        answers.push({ worker, answer });
      } catch (error) {
        if (!(error instanceof WorkerGoneError)) missing.push((error as Error).message);
      }
    };
    // One that is starting reads nothing before it hears `go`, which it gets after this question.
    const asking = [...this.#workers.values()].filter(({ phase }) => phase !== 'starting');
    await Promise.all(asking.map(askOne));
    return { answers, missing };
  }

  #start(number: number): void {
    if (!this.#settingsFor) return;
    this.#restarts.delete(number);
    this.#workers.set(number, new Worker(this.#fork(), this.#settingsFor(number), this.#events));
  }

  readonly #events: WorkerEvents = {
    serving: (worker) => {
      this.#options.logger.info({ worker: worker.number, pid: worker.pid }, 'a worker serves');
      if (this.servingCount < this.#options.count) return;
      this.#starting?.resolve();
      this.#starting = null;
    },
    ended: (worker, exit) => {
      this.#workers.delete(worker.number);
      this.#options.onEnded?.(worker);
      if (this.#isStopping) this.#noteStop(worker, exit);
      else if (exit.code === INDEX_LOST_EXIT_CODE) this.#options.onFailure(indexLost(worker));
      else if (this.#starting) this.#starting.reject(startError(worker, exit));
      else this.#startAgain(worker, exit);
    },
  };

  #startAgain(worker: Worker, exit: WorkerExit): void {
    const { number, pid, startedAtMs, failure } = worker;
    const isSteady = performance.now() - startedAtMs >= STEADY_MS;
    const quickEnds = isSteady ? 0 : (this.#quickEnds.get(number) ?? 0) + 1;
    this.#quickEnds.set(number, quickEnds);
    const restartInMs = restartDelayMs(quickEnds);
    this.#options.logger.error(
      { worker: number, pid, ...exit, ...(failure !== null && { failure }), restartInMs },
      'a worker ended and is started again',
    );
    this.#restarts.set(
      number,
      setTimeout(() => this.#start(number), restartInMs),
    );
  }

  #noteStop(worker: Worker, exit: WorkerExit): void {
    // One that did not serve yet was killed by us.
    if (exit.code !== 0 && worker.hasServed) {
      this.#failedStops.push(`worker ${worker.number} ended with ${endOf(exit)} when it stopped`);
    }
    if (this.#workers.size === 0) this.#onStopped?.();
  }
}

function restartDelayMs(quickEnds: number): number {
  if (quickEnds <= 1) return 0;
  return Math.min(RESTART_DELAY_MS_MIN * 2 ** Math.min(quickEnds - 2, 30), RESTART_DELAY_MS_MAX);
}

function startError({ number, failure }: Worker, exit: WorkerExit): Error {
  return new Error(failure ?? `Worker ${number} ended with ${endOf(exit)} before it served.`);
}

function indexLost({ number }: Worker): Error {
  return new Error(`worker ${number} cannot tell what is on the disk of the index`);
}

function endOf({ code, signal, problem }: WorkerExit): string {
  return problem ?? signal ?? `code ${code}`;
}

async function within<T>(timeoutMs: number, { number }: Worker, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new Error(`worker ${number} gave no answer within ${timeoutMs} ms`);
    timer = setTimeout(() => reject(error), timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
