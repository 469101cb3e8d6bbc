import { afterEach, beforeEach, expect, it } from 'vitest';
import { ExpirySweeper } from '../../../../src/core/kodo/expiry-sweeper.ts';
import type { ExpiredObject } from '../../../../src/object-index/deletion-requests.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { put } from '../../../support/put-objects.ts';

let core: TestCore;
beforeEach(async () => {
  core = await createTestCore();
});
afterEach(() => core.index.close());

const putUntil = (key: string, expiresAtMs: number | null) =>
  put(core, { key, subresources: { expiresAtMs } });

it('deletes everything that is due, batch by batch', async () => {
  const { nowMs } = core.clock;
  for (let number = 0; number < 7; number += 1) await putUntil(`due-${number}`, nowMs - number);
  await putUntil('later', nowMs + 1);
  await putUntil('never', null);
  const batches: (readonly ExpiredObject[])[] = [];
  const onExpired = (objects: readonly ExpiredObject[]) => batches.push(objects);
  await new ExpirySweeper(core, { batchSizeMax: 3, onExpired }).sweep();
  expect(batches.map(({ length }) => length)).toEqual([3, 3, 1]);
  expect(await core.keys()).toEqual(['later', 'never']);
  expect(await core.queued()).toHaveLength(7);
});

it('looks again and again until it is stopped, and survives an index that fails', async () => {
  let failures = 1;
  const index = new Proxy(core.index, {
    get(target, name) {
      if (name !== 'findNextExpiry') return Reflect.get(target, name);
      return async () => {
        failures -= 1;
        if (failures >= 0) throw new Error('the index is busy');
        return await target.findNextExpiry();
      };
    },
  });
  const sweeper = new ExpirySweeper({ ...core, index }, { intervalMs: 5 });
  sweeper.start();
  await putUntil('a', core.clock.nowMs - 1);
  await expect.poll(() => core.keys()).toEqual([]);
  await putUntil('b', core.clock.nowMs - 1);
  await expect.poll(() => core.keys()).toEqual([]);
  await sweeper.stop();
  await putUntil('c', core.clock.nowMs - 1);
  await sweeper.sweep();
  expect(await core.keys()).toEqual(['c']);
});

it('gives up for now when what is due stays due', async () => {
  await putUntil('a', core.clock.nowMs - 1);
  let calls = 0;
  const index = new Proxy(core.index, {
    get(target, name) {
      if (name !== 'expireObjects') return Reflect.get(target, name);
      return async () => {
        calls += 1;
        return [];
      };
    },
  });
  await new ExpirySweeper({ ...core, index }).sweep();
  expect(calls).toBe(2);
});
