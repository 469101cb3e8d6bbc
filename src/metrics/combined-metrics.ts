import type { GatewayMetrics } from './gateway-metrics.ts';
import { combine, countsOf, labelledByProcess, type MetricsSnapshot } from './metrics-snapshot.ts';

/** What a worker process answered; `process` is the same as long as the process is. */
export interface WorkerMetrics {
  readonly process: object;
  /** Of its series, as label. */
  readonly name: string;
  readonly metrics: MetricsSnapshot;
}

/**
 * The metrics of the primary process and of its workers as one. What a worker counted stays counted
 * when it has ended, up to the last time that it was asked: a counter that fell would look to
 * Prometheus like a restart, and all of it like new.
 */
export class CombinedMetrics {
  readonly #own: GatewayMetrics;
  readonly #askWorkers: () => Promise<readonly WorkerMetrics[]>;
  readonly #last = new Map<object, WorkerMetrics>();
  readonly #ended = new WeakSet<object>();
  #endedCounts: MetricsSnapshot = [];

  constructor(own: GatewayMetrics, askWorkers: () => Promise<readonly WorkerMetrics[]>) {
    this.#own = own;
    this.#askWorkers = askWorkers;
  }

  get contentType(): string {
    return this.#own.contentType;
  }

  workerEnded(process: object): void {
    this.#ended.add(process);
    const last = this.#last.get(process);
    if (!last) return;
    this.#last.delete(process);
    this.#endedCounts = combine([this.#endedCounts, countsOf(last.metrics)]).metrics;
  }

  /** In Prometheus's text format. A worker that does not answer counts as it did last. */
  async render(): Promise<string> {
    const [own, answers] = await Promise.all([this.#own.snapshot(), this.#askWorkers()]);
    for (const answer of answers) {
      if (!this.#ended.has(answer.process)) this.#last.set(answer.process, answer);
    }
    const workers = [...this.#last.values()];
    return await combine([
      labelledByProcess(own, 'primary'),
      ...workers.map(({ metrics, name }) => labelledByProcess(metrics, name)),
      this.#endedCounts,
    ]).render();
  }
}
