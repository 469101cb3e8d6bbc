import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../../src/support/logger.ts';
import { INDEX_LOST_EXIT_CODE, type WorkerSettings } from '../../../src/workers/messages.ts';
import { WorkerPool } from '../../../src/workers/worker-pool.ts';
import { FakeWorker } from '../../support/fake-worker.ts';

const logger = createLogger('silent');
/** In the order in which they were started. */
let started: FakeWorker[];
let failures: Error[];
let pool: WorkerPool;

beforeEach(() => {
  vi.useFakeTimers();
  started = [];
  failures = [];
  pool = new WorkerPool({
    count: 2,
    logger,
    onFailure: (error) => failures.push(error),
    fork: () => {
      const worker = new FakeWorker(100 + started.length);
      started.push(worker);
      return worker;
    },
  });
});

afterEach(() => {
  vi.useRealTimers();
});

const settingsFor = (number: number) => ({ number }) as WorkerSettings;
const worker = (index: number) => started[index] ?? new FakeWorker(-1);

async function startPool(): Promise<void> {
  const starting = pool.start(settingsFor);
  for (const one of started) one.serve();
  await starting;
}

describe('a start', () => {
  it('gives each worker its settings, and lets it go on once it holds its locks', async () => {
    const starting = pool.start(settingsFor);
    worker(0).says({ kind: 'hello' });
    expect(worker(0).received).toEqual([{ kind: 'begin', settings: { number: 1 } }]);
    worker(0).says({ kind: 'locked' });
    expect(worker(0).received.slice(1)).toEqual([{ kind: 'go' }]);
    worker(0).says({ kind: 'serving' });
    expect(pool.servingCount).toBe(1);
    worker(1).serve();
    await starting;
    expect(pool.servingCount).toBe(2);
  });

  it.each([
    [{ kind: 'failed', message: 'Cannot listen there.' } as const, 'Cannot listen there.'],
    [{ kind: 'hello' } as const, 'Worker 2 ended with code 1 before it served.'],
  ])('fails when a worker ends after %o', async (message, expected) => {
    const starting = pool.start(settingsFor);
    worker(0).serve();
    worker(1).says(message);
    worker(1).exit({ code: 1 });
    await expect(starting).rejects.toThrow(expected);
    const stopping = pool.stop(0);
    worker(0).exit({ code: 0 });
    await stopping;
    expect(started).toHaveLength(2);
  });
});

describe('a worker that ends', () => {
  it('is started again under its number: at once, then later and later', async () => {
    await startPool();
    const delays: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      started.at(-1)?.exit({ signal: 'SIGSEGV' });
      const endedAtMs = Date.now();
      await vi.advanceTimersToNextTimerAsync();
      delays.push(Date.now() - endedAtMs);
    }
    expect(delays).toEqual([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    started.at(-1)?.says({ kind: 'hello' });
    expect(started.at(-1)?.received).toEqual([{ kind: 'begin', settings: { number: 2 } }]);
  });

  it('after it served for a while starts again at once', async () => {
    await startPool();
    worker(0).exit({ code: 1 });
    await vi.advanceTimersToNextTimerAsync();
    vi.advanceTimersByTime(60_000);
    started.at(-1)?.exit({ code: 1 });
    const endedAtMs = Date.now();
    await vi.advanceTimersToNextTimerAsync();
    expect([Date.now() - endedAtMs, started.length]).toEqual([0, 4]);
  });

  it('and does not know what is on the disk is the end of all', async () => {
    await startPool();
    worker(1).exit({ code: INDEX_LOST_EXIT_CODE });
    expect(failures.map(String)).toEqual([expect.stringContaining('worker 2 cannot tell')]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a stop', () => {
  it('lets those that serve end, kills the others, and starts none again', async () => {
    await startPool();
    worker(1).exit({ code: 1 });
    await vi.advanceTimersToNextTimerAsync();
    const stopping = pool.stop(5000);
    expect(worker(0).received.at(-1)).toEqual({ kind: 'stop', graceMs: 5000 });
    expect(worker(2).signals).toEqual(['SIGKILL']);
    worker(0).exit({ code: 0 });
    await stopping;
    expect([started.length, vi.getTimerCount()]).toEqual([3, 0]);
  });

  it('fails when a worker cannot close what it has open', async () => {
    await startPool();
    const stopping = pool.stop(5000);
    worker(0).exit({ code: 0 });
    worker(1).exit({ code: 1 });
    await expect(stopping).rejects.toThrow('worker 2 ended with code 1 when it stopped');
  });
});

describe('a question', () => {
  const ask = () => pool.ask('open-files', ['a', 'b'], 1000);

  it('waits for every worker that may be serving', async () => {
    const starting = pool.start(settingsFor);
    worker(0).serve();
    for (const kind of ['hello', 'locked'] as const) worker(1).says({ kind });
    const asked = ask();
    worker(0).answer(['a']);
    worker(1).answer(['b']);
    const { answers, missing } = await asked;
    expect(answers.map(({ answer }) => answer)).toEqual([['a'], ['b']]);
    expect(missing).toEqual([]);
    worker(1).says({ kind: 'serving' });
    await starting;
  });

  it('is not for one that has opened nothing yet', async () => {
    await startPool();
    worker(1).exit({ code: 1 });
    await vi.advanceTimersToNextTimerAsync();
    worker(2).says({ kind: 'hello' });
    const asked = ask();
    worker(0).answer([]);
    expect((await asked).answers).toHaveLength(1);
  });

  it('needs no answer of one that ends meanwhile, but of one that hangs', async () => {
    await startPool();
    const asked = ask();
    worker(0).exit({ signal: 'SIGKILL' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(await asked).toEqual({
      answers: [],
      missing: ['worker 2 gave no answer within 1000 ms'],
    });
  });

  it('that a worker cannot answer is missing', async () => {
    await startPool();
    const asked = ask();
    worker(0).answer([]);
    worker(1).says({ kind: 'no-answer', id: 1, message: 'no view yet' });
    expect((await asked).missing).toEqual(['worker 2: no view yet']);
  });
});
