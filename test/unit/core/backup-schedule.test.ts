import { beforeEach, describe, expect, it } from 'vitest';
import {
  type BackupEvent,
  type BackupFile,
  BackupSchedule,
  type NewBackup,
} from '../../../src/core/backup-schedule.ts';
import { createLogger } from '../../../src/support/logger.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('BackupSchedule', () => {
  let nowMs: number;
  let kept: BackupFile[];
  let problem: Error | null;
  let events: BackupEvent[];

  beforeEach(() => {
    nowMs = Date.UTC(2026, 0, 1);
    kept = [];
    problem = null;
    events = [];
  });

  const backups = {
    findNewest: async () => kept.at(-1) ?? null,
    make: async (timeMs: number): Promise<NewBackup> => {
      if (problem) throw problem;
      const backup = { path: `/backups/${kept.length}`, timeMs, sizeBytes: 100 + kept.length };
      kept.push(backup);
      return { ...backup, objectCount: 1, problems: [], removedPaths: [] };
    },
  };
  const newSchedule = (intervalMs = HOUR_MS) =>
    new BackupSchedule({
      backups,
      intervalMs,
      logger: createLogger('silent'),
      onEvent: (event) => events.push(event),
      now: () => nowMs,
    });

  it('makes the first one at once and the next one an interval later', async () => {
    const schedule = newSchedule();
    await schedule.runOnce();
    expect(kept).toHaveLength(1);
    nowMs += HOUR_MS - 1;
    await schedule.runOnce();
    expect(kept).toHaveLength(1);
    nowMs += 1;
    await schedule.runOnce();
    expect(kept.map(({ timeMs }) => timeMs)).toEqual([nowMs - HOUR_MS, nowMs]);
  });

  it('goes by the newest backup, whenever it was started', async () => {
    kept = [{ path: '/backups/old', timeMs: nowMs - HOUR_MS + 3 * MINUTE_MS, sizeBytes: 7 }];
    expect(await newSchedule().runOnce()).toBe(3 * MINUTE_MS);
    expect(events).toEqual([{ kind: 'found', backup: kept[0] }]);
    nowMs += 3 * MINUTE_MS;
    await newSchedule().runOnce();
    expect(kept).toHaveLength(2);
  });

  it('looks again from time to time, in case the backups or the clock change', async () => {
    kept = [{ path: '/backups/old', timeMs: nowMs, sizeBytes: 7 }];
    expect(await newSchedule(24 * HOUR_MS).runOnce()).toBe(10 * MINUTE_MS);
  });

  it('tells of a failure and tries again soon', async () => {
    problem = new Error('no room');
    const schedule = newSchedule(24 * HOUR_MS);
    expect(await schedule.runOnce()).toBe(5 * MINUTE_MS);
    expect(events).toEqual([{ kind: 'failed' }]);
    problem = null;
    await schedule.runOnce();
    expect(events.at(-1)).toMatchObject({ kind: 'made', backup: { timeMs: nowMs } });
  });

  it('stops while it waits, and ends a backup that is being made', async () => {
    const waiting = newSchedule();
    waiting.start();
    await waiting.stop();
    expect(kept).toEqual([]);

    let began = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      began = resolve;
    });
    const schedule = new BackupSchedule({
      backups: {
        findNewest: async () => null,
        make: (_timeMs, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            began();
          }),
      },
      intervalMs: 1,
      logger: createLogger('silent'),
      onEvent: (event) => events.push(event),
    });
    schedule.start();
    await hasBegun;
    await schedule.stop();
    expect(events).toEqual([]);
  });
});
