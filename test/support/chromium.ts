import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Debian's small Chromium, driven over the pipes of its DevTools protocol. */
export const chromiumProgram = 'chromium-headless-shell';

/** One headless browser with one page. */
export class Chromium {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #commands: Writable;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #session: string | undefined;
  #sentCount = 0;

  private constructor(child: ChildProcess, profile: string) {
    this.#child = child;
    this.#profile = profile;
    this.#commands = child.stdio[3] as Writable;
    this.#read(child.stdio[4] as Readable);
  }

  static async start(): Promise<Chromium> {
    const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
    const child = spawn(
      chromiumProgram,
      [
        '--remote-debugging-pipe',
        // It refuses to run as root with one; it only sees pages of the tests.
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        `--user-data-dir=${profile}`,
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const chromium = new Chromium(child, profile);
    const { targetId } = await chromium.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await chromium.#send('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    chromium.#session = String(sessionId);
    return chromium;
  }

  /** Opens a page and waits until its address is that. */
  async open(url: string): Promise<void> {
    await this.#send('Page.navigate', { url });
    await this.waitFor(
      `location.href === ${JSON.stringify(url)} && document.readyState === 'complete'`,
    );
  }

  /** The value of an expression in the page; of a promise, what it resolves to. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: Value }).value;
  }

  /** Resolves once the expression is true in the page, which may be another one by then. */
  async waitFor(expression: string): Promise<void> {
    for (;;) {
      const isTrue = await this.evaluate<boolean>(expression).catch(() => false);
      if (isTrue) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** What the page looks like, as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', {});
    return Buffer.from(String(data), 'base64');
  }

  async close(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async #send(method: string, params: object): Promise<Record<string, unknown>> {
    this.#sentCount += 1;
    const id = this.#sentCount;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#write({ id, method, params });
    const { result = {}, error } = await answered;
    this.#waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  #write(command: object): void {
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    this.#commands.write(`${JSON.stringify({ ...command, ...session })}\0`);
  }

  #read(answers: Readable): void {
    let received = '';
    answers.setEncoding('utf8').on('data', (text: string) => {
      const messages = (received + text).split('\0');
      received = messages.pop() ?? '';
      for (const message of messages) {
        const answer = JSON.parse(message) as Answer;
        if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
      }
    });
  }
}
