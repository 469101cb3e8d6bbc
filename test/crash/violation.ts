/** A promise that the gateway broke; the message tells all that is known of it. */
export class Violation extends Error {
  constructor(problem: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(`${problem}: ${JSON.stringify(facts, null, 2)}`);
    this.name = 'Violation';
  }
}
