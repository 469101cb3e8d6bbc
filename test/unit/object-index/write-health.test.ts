import { expect, it } from 'vitest';
import { IndexError } from '../../../src/object-index/object-index.ts';
import { WriteHealth } from '../../../src/object-index/write-health.ts';

/** A health whose probe is counted, succeeds unless `failure` is set, and whose clock tests set. */
function createHealth() {
  const state = { nowMs: 0, probeCount: 0, failure: null as Error | null };
  const health: WriteHealth = new WriteHealth(
    () =>
      health.observe('probeWrite', async () => {
        state.probeCount += 1;
        if (state.failure) throw state.failure;
      }),
    () => state.nowMs,
  );
  return { health, state };
}

const full = new IndexError('full', 'no space left');

it('probes before anything was written', async () => {
  const { health, state } = createHealth();
  await health.verify();
  expect(state.probeCount).toBe(1);
});

it.each([
  ['an object that was stored', 'putObject', { outcome: 'stored' }, 0],
  ['a part that was stored', 'putPart', 'stored', 0],
  ['an upload that was completed', 'completeUpload', { outcome: 'completed' }, 0],
  ['an object that was refused', 'putObject', { outcome: 'precondition-failed' }, 1],
  ['a deletion, perhaps of nothing', 'deleteObjects', new Set(), 1],
  ['nothing to finish', 'finishDeletions', undefined, 1],
  ['a user that was not there', 'removeAccessKey', false, 1],
])(
  'after %s it needs as many probes as the disk was not touched',
  async (_, name, value, probes) => {
    const { health, state } = createHealth();
    await health.observe(name, async () => value);
    await health.verify();
    expect(state.probeCount).toBe(probes);
  },
);

it('probes again when nothing was written for a while', async () => {
  const { health, state } = createHealth();
  await health.verify();
  state.nowMs = 5_000;
  await health.verify();
  expect(state.probeCount).toBe(1);
  state.nowMs = 5_001;
  await health.verify();
  expect(state.probeCount).toBe(2);
});

it('probes after a write that failed, until a write succeeds', async () => {
  const { health, state } = createHealth();
  await health.verify();
  state.failure = full;
  await expect(health.observe('putObject', () => Promise.reject(full))).rejects.toBe(full);
  await expect(health.verify()).rejects.toBe(full);
  await expect(health.verify()).rejects.toBe(full);
  expect(state.probeCount).toBe(3);
  state.failure = null;
  await health.verify();
  await health.verify();
  expect(state.probeCount).toBe(4);
});

it('shares one probe while the disk hangs', async () => {
  const answers: (() => void)[] = [];
  const health = new WriteHealth(() => new Promise<void>((resolve) => answers.push(resolve)));
  const waiting = [health.verify(), health.verify()];
  expect(answers).toHaveLength(1);
  answers[0]?.();
  await Promise.all(waiting);
});

it('counts failures by their reason', async () => {
  const { health } = createHealth();
  for (const error of [full, full, new Error('?'), new IndexError('overloaded', 'busy')]) {
    await health.observe('putObject', () => Promise.reject(error)).catch(() => {});
  }
  expect(health.failures).toEqual({ full: 2, failed: 1, overloaded: 1 });
});
