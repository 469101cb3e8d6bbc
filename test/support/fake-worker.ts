import type { FromWorker, ToWorker } from '../../src/workers/messages.ts';
import type { WorkerExit, WorkerProcess } from '../../src/workers/worker-process.ts';

/** A worker process that does what a test says. */
export class FakeWorker implements WorkerProcess {
  readonly pid: number;
  readonly received: ToWorker[] = [];
  readonly signals: string[] = [];
  #listener: (message: FromWorker) => void = () => {};
  #onExit: (exit: WorkerExit) => void = () => {};

  constructor(pid: number) {
    this.pid = pid;
  }

  send(message: ToWorker): void {
    this.received.push(message);
  }

  onMessage(listener: (message: FromWorker) => void): void {
    this.#listener = listener;
  }

  onExit(listener: (exit: WorkerExit) => void): void {
    this.#onExit = listener;
  }

  kill(signal: NodeJS.Signals): void {
    this.signals.push(signal);
    this.exit({ code: null, signal });
  }

  says(message: FromWorker): void {
    this.#listener(message);
  }

  /** Does nothing when it has ended. */
  exit(exit: Partial<WorkerExit>): void {
    const onExit = this.#onExit;
    this.#onExit = () => {};
    onExit({ code: null, signal: null, ...exit });
  }

  /** Goes through a start until it serves. */
  serve(): void {
    for (const kind of ['hello', 'locked', 'serving'] as const) this.says({ kind });
  }

  /** Answers the last question. */
  answer(answer: unknown): void {
    const question = this.received.at(-1);
    if (question?.kind !== 'ask') throw new Error('it was asked nothing');
    this.says({ kind: 'answer', id: question.id, answer });
  }
}
