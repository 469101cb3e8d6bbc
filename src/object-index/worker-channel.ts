import { type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import { IndexError } from './object-index.ts';
import {
  type ChannelCounts,
  type ChannelSettings,
  closed,
  type HandleRequests,
  overloaded,
  type Reply,
  type Request,
  type RequestChannel,
  settle,
  type Waiting,
} from './request-channel.ts';
import type { WriteContext } from './statements.ts';

interface Message {
  readonly context: WriteContext;
  readonly requests: readonly Request[];
}

/**
 * Sends requests to a worker thread that runs `serveRequests`. Requests of one turn of the event
 * loop travel in one message. A worker that dies fails what it was sent; the next request starts
 * another one.
 */
export class WorkerChannel implements RequestChannel {
  readonly #settings: ChannelSettings;
  readonly #start: () => Worker;
  #worker: Worker | null = null;
  /** Not posted yet. */
  #outbox: Waiting[] = [];
  /** Posted; replies come in the same order. */
  #posted: Waiting[] = [];
  #answeredCount = 0;
  #batchCount = 0;
  #closing: Promise<void> | null = null;

  constructor(settings: ChannelSettings, start: () => Worker) {
    this.#settings = settings;
    this.#start = start;
  }

  get counts(): ChannelCounts {
    return {
      waitingCount: this.#outbox.length + this.#posted.length,
      answeredCount: this.#answeredCount,
      batchCount: this.#batchCount,
    };
  }

  call(name: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#closing !== null) return Promise.reject(closed(this.#settings));
    if (this.#outbox.length + this.#posted.length >= this.#settings.waitingMax) {
      return Promise.reject(overloaded(this.#settings));
    }
    return new Promise((resolve, reject) => {
      if (this.#outbox.length === 0) setImmediate(() => this.#flush());
      this.#outbox.push({ request: [name, args], resolve, reject });
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#flush();
    const worker = this.#worker;
    if (!worker) return;
    const exited = new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
    });
    worker.postMessage('close');
    await exited;
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    const batch = this.#outbox;
    this.#outbox = [];
    this.#worker ??= this.#startWorker();
    this.#post(this.#worker, batch);
  }

  #post(worker: Worker, batch: readonly Waiting[]): void {
    const requests = batch.map(({ request }) => request);
    const message: Message = { context: this.#settings.context(), requests };
    try {
      worker.postMessage(message);
      for (const waiting of batch) this.#posted.push(waiting);
    } catch (cause) {
      // An argument that cannot be cloned must fail its own call only.
      const [only] = batch;
      if (batch.length > 1) for (const waiting of batch) this.#post(worker, [waiting]);
      else only?.reject(new IndexError('failed', 'request cannot be sent to a thread', { cause }));
    }
  }

  #startWorker(): Worker {
    const worker = this.#start();
    let cause: unknown;
    worker.on('message', (replies: Reply[]) => {
      const answered = this.#posted.splice(0, replies.length);
      this.#answeredCount += answered.length;
      this.#batchCount += 1;
      for (const [index, waiting] of answered.entries()) settle(waiting, replies[index]);
    });
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', () => {
      this.#worker = null;
      const lost = this.#posted.splice(0);
      const why = cause instanceof Error ? `: ${cause.message}` : '';
      const message = `the ${this.#settings.name} thread of the index stopped${why}`;
      const error = new IndexError('failed', message, { cause, mayBeCommitted: true });
      for (const waiting of lost) waiting.reject(error);
    });
    return worker;
  }
}

/**
 * The worker's end of a `WorkerChannel`. What arrived while the last requests were handled is
 * handled together, `batchMax` requests at a time.
 */
export function serveRequests(
  port: MessagePort,
  { batchMax }: Pick<ChannelSettings, 'batchMax'>,
  handle: HandleRequests,
  close: () => void,
): void {
  port.on('message', (first: Message | 'close') => {
    const requests: Request[] = [];
    let context: WriteContext | null = null;
    let message: Message | 'close' | undefined = first;
    for (; message && message !== 'close'; message = receiveMessageOnPort(port)?.message) {
      for (const request of message.requests) requests.push(request);
      context = message.context;
    }
    for (let start = 0; context && start < requests.length; start += batchMax) {
      port.postMessage(handle(requests.slice(start, start + batchMax), context));
    }
    if (message !== 'close') return;
    close();
    port.close();
  });
}
