import cluster from 'node:cluster';
import type { Answers, FromWorker, QuestionName, ToWorker } from './messages.ts';

/** A worker's line to the primary process that started it. */
export class PrimaryConnection {
  readonly #waiting = new Map<ToWorker['kind'], (message: ToWorker) => void>();
  #answers: Answers | null = null;

  /** Nothing is received before this is made; the primary waits for `hello`. */
  constructor() {
    process.on('message', (message: ToWorker) => this.#receive(message));
  }

  /** Resolves when the message has been handed to the system, or could not be. */
  send(message: FromWorker): Promise<void> {
    return new Promise((resolve) => {
      if (!process.send || !process.connected) return resolve();
      process.send(message, undefined, undefined, () => resolve());
    });
  }

  /** The next message of that kind; each comes once at most. */
  receive<Kind extends Exclude<ToWorker['kind'], 'ask'>>(
    kind: Kind,
  ): Promise<Extract<ToWorker, { kind: Kind }>> {
    return new Promise((resolve) => {
      this.#waiting.set(kind, (message) => resolve(message as Extract<ToWorker, { kind: Kind }>));
    });
  }

  /** Answers questions from now on; the primary asks none before it has said `go`. */
  answerWith(answers: Answers): void {
    this.#answers = answers;
  }

  /** Calls back, at most once, when the primary has gone; this process should end at once. */
  onLost(listener: () => void): void {
    // Node ends a worker whose line is cut, but calls these first.
    if (process.connected) cluster.worker?.once('disconnect', listener);
    else listener();
  }

  #receive(message: ToWorker): void {
    if (message.kind === 'ask') void this.#answer(message.id, message.name, message.asked);
    else this.#waiting.get(message.kind)?.(message);
  }

  async #answer(id: number, name: QuestionName, asked: unknown): Promise<void> {
    try {
      if (!this.#answers) throw new Error('it is starting');
      const answer = this.#answers[name] as (asked: unknown) => unknown;
      await this.send({ kind: 'answer', id, answer: await answer(asked) });
    } catch (error) {
      await this.send({ kind: 'no-answer', id, message: String(error) });
    }
  }
}
