import { BUCKET } from './content.ts';
import type { ExpectedState } from './expected-state.ts';
import { NotSentError } from './http-connection.ts';
import type { Write } from './key-history.ts';
import { KodoConnection, type KodoEndpoint } from './kodo-connection.ts';
import {
  type Answer,
  type RequestOptions,
  S3Connection,
  type S3Endpoint,
} from './s3-connection.ts';
import { Violation } from './violation.ts';

/** The client's end of the connection got no answer: the request may have happened or not. */
export class NoAnswerError extends Error {}

/** What happened to a write, for the harness's tables. */
export interface LoadCounts {
  acknowledgedWrites: number;
  acknowledgedDeletes: number;
  refused: number;
  /** Answers of 5xx by code: the write may have happened or not. */
  readonly failures: Map<string, number>;
  reads: number;
}

export function newLoadCounts(): LoadCounts {
  return {
    acknowledgedWrites: 0,
    acknowledgedDeletes: 0,
    refused: 0,
    failures: new Map(),
    reads: 0,
  };
}

/** Path of a key, or of the bucket for an empty one. Keys of the harness need no encoding. */
export function targetOf(key: string, query = ''): string {
  return `/${BUCKET}${key === '' ? '' : `/${key}`}${query}`;
}

/** Sends requests of one client and notes in the expected state what becomes of them. */
export class Requests {
  readonly state: ExpectedState;
  readonly counts: LoadCounts;
  readonly #connection: S3Connection;
  readonly #kodo: KodoConnection;

  constructor(endpoint: S3Endpoint & KodoEndpoint, state: ExpectedState, counts: LoadCounts) {
    this.#connection = new S3Connection(endpoint);
    this.#kodo = new KodoConnection(endpoint);
    this.state = state;
    this.counts = counts;
  }

  /** Rejects with `NoAnswerError`, or `NotSentError` when the gateway was not there at all. */
  async send(method: string, target: string, options: RequestOptions = {}): Promise<Answer> {
    return await answerOf(`${method} ${target}`, this.#connection.send(method, target, options));
  }

  /** Sends what shall do the writes. They end as refused when it never left. */
  async sendWrite(
    writes: readonly Write[],
    method: string,
    target: string,
    options: RequestOptions = {},
  ): Promise<Answer> {
    return await this.#ofWrites(writes, this.send(method, target, options));
  }

  /** As `sendWrite`, to the door of Kodo's API. */
  async sendKodoWrite(
    writes: readonly Write[],
    send: (kodo: KodoConnection) => Promise<Answer>,
  ): Promise<Answer> {
    const operation = writes[0]?.operation ?? '';
    return await this.#ofWrites(writes, answerOf(operation, send(this.#kodo)));
  }

  async #ofWrites(writes: readonly Write[], answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof NotSentError)
        for (const write of writes) this.state.end(write, 'refused');
      throw error;
    }
  }

  /**
   * Notes the answer. Resolves true when the write was acknowledged. After a 5xx it stays open:
   * it may have happened. Throws `Violation` for a refusal that is not among `refusals`.
   */
  settle(write: Write, answer: Answer, refusals: readonly string[] = []): boolean {
    const { status, errorCode } = answer;
    if (errorCode === null && status < 300) {
      this.state.end(write, 'acknowledged');
      if (write.effect.kind === 'delete') this.counts.acknowledgedDeletes += 1;
      else this.counts.acknowledgedWrites += 1;
      return true;
    }
    if (this.isFailure(answer)) return false;
    this.state.end(write, 'refused');
    this.counts.refused += 1;
    if (errorCode !== null && refusals.includes(errorCode)) return false;
    throw new Violation(`${write.operation} was refused`, {
      key: write.key,
      status,
      errorCode,
      body: answer.body.toString('utf8', 0, 500),
      writes: this.state.writesOf(write.key),
    });
  }

  /** True, and counted, for an answer of 5xx, or an error of that kind behind a 200. */
  isFailure({ status, errorCode }: Answer): boolean {
    // Kodo's own statuses begin at 600.
    const isFailed = (status >= 500 && status < 600) || (status === 200 && errorCode !== null);
    if (!isFailed) return false;
    const what = errorCode ?? `HTTP ${status}`;
    this.counts.failures.set(what, (this.counts.failures.get(what) ?? 0) + 1);
    return true;
  }

  close(): void {
    this.#connection.close();
    this.#kodo.close();
  }
}

async function answerOf(what: string, sent: Promise<Answer>): Promise<Answer> {
  try {
    return await sent;
  } catch (error) {
    if (error instanceof NotSentError) throw error;
    throw new NoAnswerError(`${what}: ${String(error)}`, { cause: error });
  }
}

/** Text of the first element of this name; empty when there is none. */
export function textOf(answer: Answer, element: string): string {
  const text = answer.body.toString();
  return new RegExp(`<${element}>(.*?)</${element}>`).exec(text)?.[1] ?? '';
}

export function unquoted(etag: string | undefined): string {
  return (etag ?? '').replaceAll('&quot;', '"').replace(/^"(.*)"$/, '$1');
}
