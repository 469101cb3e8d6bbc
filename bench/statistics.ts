/** What one run of a workload showed. */
export interface RunResult {
  readonly operations: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Time of each operation, in milliseconds. */
  readonly latenciesMs: readonly number[];
}

export interface Summary {
  readonly operationsPerSecond: number;
  readonly mebibytesPerSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Joins the runs of one side of a comparison. */
export function summarize(runs: readonly RunResult[]): Summary {
  const seconds = sum(runs.map((run) => run.seconds));
  const latencies = runs.flatMap((run) => run.latenciesMs).sort((a, b) => a - b);
  return {
    operationsPerSecond: sum(runs.map((run) => run.operations)) / seconds,
    mebibytesPerSecond: sum(runs.map((run) => run.bytes)) / seconds / 2 ** 20,
    medianMs: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

/**
 * Does `count` operations, `concurrency` at a time. Each lane has its own index so that it can own
 * a connection.
 */
export async function runConcurrently(
  count: number,
  concurrency: number,
  operation: (index: number, lane: number) => Promise<number>,
): Promise<RunResult> {
  const latenciesMs: number[] = [];
  let next = 0;
  let bytes = 0;
  const lane = async (laneIndex: number): Promise<void> => {
    while (next < count) {
      const index = next++;
      const startedMs = performance.now();
      const operationBytes = await operation(index, laneIndex);
      bytes += operationBytes;
      latenciesMs.push(performance.now() - startedMs);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, (_, index) => lane(index)));
  return { operations: count, bytes, seconds: (performance.now() - startedMs) / 1000, latenciesMs };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
