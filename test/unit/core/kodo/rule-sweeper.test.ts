import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ExpiryRule, expiryRules } from '../../../../src/core/expiry-rules.ts';
import { ExpirySweeper } from '../../../../src/core/kodo/expiry-sweeper.ts';
import { RuleSweeper } from '../../../../src/core/kodo/rule-sweeper.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { put } from '../../../support/put-objects.ts';

const dayMs = 86_400_000;

let core: TestCore;
beforeEach(async () => {
  core = await createTestCore();
});
afterEach(() => core.index.close());

const setRules = (...rules: readonly Partial<ExpiryRule>[]) =>
  expiryRules.put(
    core,
    core.bucket,
    rules.map((rule, at) => ({
      ...{ name: `r${at}`, prefix: '', deleteAfterDays: 0, transitions: {}, createdAtMs: 0 },
      ...rule,
    })),
  );

/** Keys that are left when both sweepers have been at work. */
async function swept(): Promise<readonly string[]> {
  await new RuleSweeper(core, { timeZone: 'UTC' }).sweep();
  await new ExpirySweeper(core).sweep();
  return await core.keys();
}

it('deletes what has been there for as many days as a rule gives it, at a midnight', async () => {
  core.clock.nowMs = Date.UTC(2026, 0, 1, 10);
  await put(core, { key: 't/old' });
  await put(core, { key: 'kept' });
  core.clock.nowMs = Date.UTC(2026, 0, 2, 10);
  await put(core, { key: 't/new' });
  await setRules({ prefix: 't/', deleteAfterDays: 3 });
  core.clock.nowMs = Date.UTC(2026, 0, 5) - 1;
  expect(await swept()).toEqual(['kept', 't/new', 't/old']);
  core.clock.nowMs = Date.UTC(2026, 0, 5);
  expect(await swept()).toEqual(['kept', 't/new']);
  core.clock.nowMs += dayMs;
  expect(await swept()).toEqual(['kept']);
});

it('leaves everything alone when the rule is gone, or deletes nothing', async () => {
  await put(core, { key: 'a' });
  core.clock.nowMs += 9 * dayMs;
  await setRules({ transitions: { to_line_after_days: 1 } });
  expect(await swept()).toEqual(['a']);
  await expiryRules.put(core, core.bucket, null);
  expect(await swept()).toEqual(['a']);
});

it('gives an object that was written again all its days', async () => {
  await setRules({ deleteAfterDays: 3 });
  await put(core, { key: 'a' });
  core.clock.nowMs += 3 * dayMs;
  await put(core, { key: 'a' });
  core.clock.nowMs += 2 * dayMs;
  expect(await swept()).toEqual(['a']);
});

it('leaves an end that comes earlier as it is', async () => {
  await setRules({ deleteAfterDays: 3 });
  const expiresAtMs = core.clock.nowMs + 1;
  await put(core, { key: 'a', subresources: { expiresAtMs } });
  core.clock.nowMs += 9 * dayMs;
  await new RuleSweeper(core, { timeZone: 'UTC' }).sweep();
  expect(await core.index.findObject(core.bucket.id, 'a')).toMatchObject({ expiresAtMs });
});

it('looks at every page of many objects', async () => {
  for (let number = 0; number < 1005; number += 1) {
    await put(core, { key: `many/${String(number).padStart(4, '0')}` });
  }
  await setRules({ prefix: 'many/', deleteAfterDays: 1 });
  core.clock.nowMs += 3 * dayMs;
  expect(await swept()).toEqual([]);
});

it('stops while it rests', async () => {
  const sweeper = new RuleSweeper(core, { timeZone: 'UTC' });
  sweeper.start();
  await sweeper.stop();
  expect(await core.keys()).toEqual([]);
});
