/**
 * Kills a gateway under load, again and again, and checks after each start that it kept its
 * promises. See README.md beside this file.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { LogLine } from '../support/gateway-process.ts';
import { CrashRun } from './crash-run.ts';
import { type RoundReport, renderRound, totalsOf } from './report.ts';
import { Violation } from './violation.ts';

const LOG_LINES_SHOWN = 40;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    clients: { type: 'string', default: '32' },
    workers: { type: 'string', default: '1' },
    'full-check-every': { type: 'string', default: '10' },
    'data-dir': { type: 'string' },
    json: { type: 'string' },
  },
});

const rounds = Number(values.rounds);
const seed = values.seed ?? randomBytes(4).toString('hex');
console.log(`seed ${seed}`);
const run = await CrashRun.start({
  seed,
  clients: Number(values.clients),
  workers: Number(values.workers),
  fullCheckEvery: Number(values['full-check-every']),
  dataDir: values['data-dir'] ?? null,
  firstStartsKilled: 5,
});
const reports: RoundReport[] = [];
try {
  for (let number = 1; number <= rounds; number += 1) {
    const report = await run.round(number);
    reports.push(report);
    console.log(renderRound(report));
  }
  await run.close();
} catch (error) {
  tellFailure(error, reports.length + 1);
  await run.kill();
  process.exitCode = 1;
}
const totals = totalsOf(reports);
console.log(JSON.stringify(totals, null, 2));
if (values.json) {
  const violation = process.exitCode === 1;
  writeFileSync(values.json, JSON.stringify({ seed, violation, totals, rounds: reports }, null, 2));
}

function tellFailure(error: unknown, round: number): void {
  const { killed, current } = run.logTails(LOG_LINES_SHOWN);
  const tell = (title: string, lines: readonly LogLine[]) =>
    [title, ...lines.map((line) => JSON.stringify(line))].join('\n');
  console.error(
    [
      error instanceof Violation ? error.message : (error as Error).stack,
      tell('--- log of the gateway that was killed:', killed),
      tell('--- log of the gateway that was started after it:', current),
      `--- round ${round}, seed ${seed}; everything is kept in ${run.dataDir}`,
    ].join('\n'),
  );
}
