import { expect, it, onTestFinished } from 'vitest';
import { CrashRun } from '../crash/crash-run.ts';
import { totalsOf } from '../crash/report.ts';

// The long runs are made by hand: see test/crash/README.md.
it('keeps what it acknowledged, and nothing by halves, when it is killed under load', async () => {
  const run = await CrashRun.start({
    // Plans all ways to be killed that one process has.
    seed: 'short',
    clients: 16,
    workers: 1,
    fullCheckEvery: 4,
    dataDir: null,
    firstStartsKilled: 2,
  });
  onTestFinished(() => run.close());
  const reports = [];
  for (let number = 1; number <= 4; number += 1) reports.push(await run.round(number));
  const { acknowledgedWrites, inFlight } = totalsOf(reports);
  expect(acknowledgedWrites).toBeGreaterThan(0);
  expect(inFlight).toBeGreaterThan(0);
});
