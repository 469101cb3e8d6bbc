/**
 * Loaded into a gateway that is measured (`--import`): on SIGUSR2 it writes how long the event loop
 * of the main thread was held up since the last time, to the file that BENCH_LOOP_FILE names.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const file = process.env.BENCH_LOOP_FILE;
if (isMainThread && file) {
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  monitor.enable();
  let reports = 0;
  process.on('SIGUSR2', () => {
    reports += 1;
    const toMs = (nanoseconds) => nanoseconds / 1e6;
    const delay = { reports, p99Ms: toMs(monitor.percentile(99)), maxMs: toMs(monitor.max) };
    writeFileSync(`${file}.new`, JSON.stringify(delay));
    renameSync(`${file}.new`, file);
    monitor.reset();
  });
}
