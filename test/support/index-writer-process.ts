import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Threads load compiled code, so this is the index as `npm run build` made it. */
export const compiledIndex = new URL('../../dist/object-index/sqlite-index.js', import.meta.url)
  .href;

/**
 * Says that it is ready, waits for a line, then puts `PREFIX-0`, `PREFIX-1` … several at a time and
 * prints each key when it is acknowledged.
 */
const program = `
  const [path, bucketId, prefix, countMax] = process.argv.slice(1);
  const { openSqliteIndex } = await import(${JSON.stringify(compiledIndex)});
  const index = await openSqliteIndex({ path, deleteDelayMs: 1 });
  process.stdout.write('ready\\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  let next = 0;
  async function work() {
    while (next < Number(countMax)) {
      const key = prefix + '-' + next++;
      const segments = [{ fileId: 'group1/' + key, fileOffset: 0, size: 1 }];
      const { outcome } = await index.putObject({
        bucketId: Number(bucketId), key, ownerId: 'o', size: 1, etag: 'e', checksum: null,
        lastModifiedMs: 1, segments, headers: {}, userMetadata: {},
      });
      if (outcome !== 'stored') throw new Error(outcome);
      process.stdout.write(key + '\\n');
    }
  }
  await Promise.all(Array.from({ length: 16 }, work));
  await index.close();
  process.stdin.destroy();
`;

/** Another process that writes to the index. */
export class IndexWriterProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #ready: Promise<unknown>;
  /** Exit code and signal. */
  readonly exited: Promise<unknown[]>;

  constructor(path: string, bucketId: number, prefix: string, countMax: number) {
    const source = ['--input-type=module', '-e', program];
    const args = [path, `${bucketId}`, prefix, `${countMax}`];
    this.#child = spawn(process.execPath, [...source, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.exited = once(this.#child, 'exit');
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#ready = once(this.#lines, 'line');
  }

  /** Resolves when the index is open; nothing is written before. */
  async ready(): Promise<void> {
    await Promise.race([
      this.#ready,
      this.exited.then(([code]) => Promise.reject(new Error(`ended with ${code}`))),
    ]);
  }

  /** Lets it write; gives the keys as they are acknowledged. */
  async *write(): AsyncGenerator<string> {
    await this.ready();
    this.#child.stdin.write('go\n');
    yield* this.#lines;
  }

  /** Gives all keys when the last one is acknowledged. */
  async writeAll(): Promise<string[]> {
    const keys: string[] = [];
    for await (const key of this.write()) keys.push(key);
    return keys;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
