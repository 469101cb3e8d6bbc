import { expect, it, onTestFinished } from 'vitest';
import { CrashRun } from '../crash/crash-run.ts';
import { totalsOf } from '../crash/report.ts';

// The long runs are made by hand: see test/crash/README.md.
it('keeps what it acknowledged, and nothing by halves, when it is killed under load', async () => {
  const run = await CrashRun.start({
    // Each of its five rounds is killed in another way.
    seed: 'short-2663',
    clients: 16,
    workers: 1,
    fullCheckEvery: 5,
    dataDir: null,
    firstStartsKilled: 1,
  });
  onTestFinished(() => run.close());
  const reports = [];
  for (let number = 1; number <= 5; number += 1) reports.push(await run.round(number));
  const { acknowledgedWrites, inFlight, roundsByKill } = totalsOf(reports);
  expect(Object.keys(roundsByKill)).toHaveLength(5);
  expect(acknowledgedWrites).toBeGreaterThan(0);
  expect(inFlight).toBeGreaterThan(0);
});
