import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of the event loop of a process; the millisecond of the timer that is watched is part of it. */
export interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
  /** The longest stretch on a processor: what is left of the maximum on a quiet machine. */
  readonly ranMsMax: number;
}

const REPORT_TIMEOUT_MS = 10_000;

/** Reads `loop-probe.mjs` in another process. */
export class LoopProbe {
  readonly #file: string;
  #reports = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** For the environment of the process. */
  get settings(): Readonly<Record<string, string>> {
    const probe = new URL('./loop-probe.mjs', import.meta.url).href;
    return { NODE_OPTIONS: `--import=${probe}`, BENCH_LOOP_FILE: this.#file };
  }

  /** What was seen since the last call. */
  async read(pid: number): Promise<LoopDelay> {
    process.kill(pid, 'SIGUSR2');
    const deadlineMs = performance.now() + REPORT_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      const text = existsSync(this.#file) ? readFileSync(this.#file, 'utf8') : '{}';
      const report = JSON.parse(text) as LoopDelay & { readonly reports?: number };
      if ((report.reports ?? 0) > this.#reports) {
        this.#reports = report.reports ?? 0;
        return report;
      }
      await sleep(5);
    }
    throw new Error(`process ${pid} does not report the delay of its event loop`);
  }
}
