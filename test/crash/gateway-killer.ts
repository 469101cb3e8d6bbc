import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openReadOnly } from '../../src/object-index/sqlite-database.ts';
import { GatewayProcess, type RestartOptions } from '../support/gateway-process.ts';
import { Backup } from './backup.ts';
import type { KillPlan } from './kill-plan.ts';
import type { Random } from './random.ts';
import { Violation } from './violation.ts';

const WORKERS_END_TIMEOUT_MS = 10_000;

export interface Killed {
  readonly releaseLog: () => void;
  /** A backup that was being made meanwhile, complete. */
  readonly backupPath: string | null;
}

/** Kills the gateway as planned, some time after the load began. Resolves when it is dead. */
export async function killUnderLoad(
  gateway: GatewayProcess,
  plan: KillPlan,
  random: Random,
): Promise<Killed> {
  const releaseLog = plan.kind === 'with a long log' ? holdLog(gateway.dataDir) : () => {};
  await sleep(plan.loadMs);
  const backup = plan.kind === 'in a backup' ? Backup.start(gateway.dataDir) : null;
  if (backup) await sleep(plan.betweenMs);
  const workers = childrenOf(gateway.pid);
  if (plan.kind === 'in stop') {
    gateway.signal('SIGTERM');
    await sleep(plan.betweenMs);
  }
  if (plan.kind === 'one worker first' && workers.length > 0) {
    process.kill(random.pick(workers), 'SIGKILL');
    await sleep(plan.betweenMs);
  }
  const left = childrenOf(gateway.pid);
  await gateway.end('SIGKILL');
  await untilGone([...workers, ...left]);
  const backupPath = (await backup?.end(plan.readerSurvives)) ?? null;
  return { releaseLog, backupPath };
}

/** Starts that are killed before, or shortly after, the gateway is ready. */
export async function killStarts(options: RestartOptions, plan: KillPlan): Promise<void> {
  for (const afterMs of plan.startsKilledAfterMs) {
    await GatewayProcess.startAndKill(options, afterMs);
  }
}

/** Until the log is released, no checkpoint can start it again from its beginning. */
function holdLog(dataDir: string): () => void {
  const reader = openReadOnly(join(dataDir, 'index.sqlite'));
  reader.exec('BEGIN');
  reader.prepare('SELECT COUNT(*) FROM buckets').get();
  return () => reader.close();
}

/** IDs of the processes that a process has started and that run; none where /proc is missing. */
function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number) : [];
}

/** Workers end by themselves when their primary is gone; what is verified must not change then. */
async function untilGone(pids: readonly number[]): Promise<void> {
  const isAlive = (pid: number) =>
    existsSync(`/proc/${pid}/stat`) &&
    !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const deadline = Date.now() + WORKERS_END_TIMEOUT_MS;
  while (pids.some(isAlive)) {
    if (Date.now() > deadline) {
      throw new Violation('workers outlive the gateway', { pids: pids.filter(isAlive) });
    }
    await sleep(10);
  }
}
