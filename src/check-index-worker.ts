/** The process that checks a copy of the index. */
import { type CheckMessage, type CheckOrder, checkCopy } from './check-index.ts';

const PROGRESS_INTERVAL_MS = 100;

const say = (message: CheckMessage, then?: () => void): void => {
  process.send?.(message, undefined, undefined, then);
};

process.once('message', (order: CheckOrder) => {
  let saidAtMs = 0;
  try {
    const check = checkCopy(order, (looked, total) => {
      if (performance.now() - saidAtMs < PROGRESS_INTERVAL_MS) return;
      saidAtMs = performance.now();
      say({ looked, total });
    });
    say({ check });
  } catch (error) {
    say({ problem: error instanceof Error ? error.message : String(error) });
  }
});
// The parent tells when it has the answer; it must not outlive that.
process.once('disconnect', () => process.exit());
// A terminal sends these to both; the parent decides.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
