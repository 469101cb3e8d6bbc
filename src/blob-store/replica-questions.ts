import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import { Turnstile } from '../support/turnstile.ts';

/** Questions to one storage server at a time, for all files that wait for their replicas. */
const QUESTIONS_PER_SERVER_MAX = 4;

/** Keeps the questions of many waiting files from flooding the storage servers. */
export class ReplicaQuestions {
  readonly #turnstiles = new Map<string, Turnstile>();

  /** Asks when it is the question's turn. */
  ask<Answer>(server: ServerAddress, question: () => Promise<Answer>): Promise<Answer> {
    const name = renderAddress(server);
    let turnstile = this.#turnstiles.get(name);
    if (turnstile === undefined) {
      turnstile = new Turnstile(QUESTIONS_PER_SERVER_MAX);
      this.#turnstiles.set(name, turnstile);
    }
    return turnstile.run(question);
  }
}
