/**
 * Loaded into a gateway that is measured (`--import`): on SIGUSR2 it writes how long the event loop
 * of the main thread was held up since the last time, to the file that BENCH_LOOP_FILE names. On a
 * machine with other work, part of that is time in which the thread did not run; what it ran for at
 * a stretch is counted by the kernel (Linux).
 */
import { closeSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const file = process.env.BENCH_LOOP_FILE;
if (isMainThread && file) {
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  monitor.enable();
  let reports = 0;
  const schedule = openSync('/proc/self/schedstat', 'r');
  const text = Buffer.alloc(64);
  let ranMs = 0;
  let ranMsMax = 0;
  const look = () => {
    const before = ranMs;
    // Nanoseconds of this thread on a processor come first.
    ranMs = Number.parseInt(text.latin1Slice(0, readSync(schedule, text, 0, 64, 0)), 10) / 1e6;
    ranMsMax = Math.max(ranMsMax, ranMs - before);
  };
  look();
  const timer = setInterval(look, 1);
  timer.unref();
  process.once('exit', () => closeSync(schedule));
  process.on('SIGUSR2', () => {
    reports += 1;
    const toMs = (nanoseconds) => nanoseconds / 1e6;
    look();
    const [p99Ms, maxMs] = [toMs(monitor.percentile(99)), toMs(monitor.max)];
    const delay = { reports, p99Ms, maxMs, ranMsMax };
    ranMsMax = 0;
    writeFileSync(`${file}.new`, JSON.stringify(delay));
    renameSync(`${file}.new`, file);
    monitor.reset();
  });
}
