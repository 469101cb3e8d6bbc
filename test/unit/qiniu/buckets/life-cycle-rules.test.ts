import { expect, it } from 'vitest';
import {
  renderRules,
  withAddedRule,
  withoutRule,
  withUpdatedRule,
} from '../../../../src/qiniu/buckets/life-cycle-rules.ts';

const nowMs = Date.UTC(2026, 0, 2);

/** As Node's SDK sends it. */
const sent = (fields: Record<string, string | number>) =>
  new URLSearchParams({
    ...{ bucket: 'photos', prefix: '', to_line_after_days: '0', to_archive_ir_after_days: '0' },
    ...{ to_archive_after_days: '0', to_deep_archive_after_days: '0', delete_after_days: '0' },
    ...{ history_delete_after_days: '0', history_to_line_after_days: '0' },
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)])),
  });

const one = withAddedRule([], sent({ name: 'r1', prefix: 't/', delete_after_days: 3 }), nowMs);

it('tells a rule as it was set, and when', () => {
  expect(renderRules(one)).toEqual([
    {
      name: 'r1',
      prefix: 't/',
      delete_after_days: 3,
      to_line_after_days: 0,
      to_archive_ir_after_days: 0,
      to_archive_after_days: 0,
      to_deep_archive_after_days: 0,
      history_delete_after_days: 0,
      history_to_line_after_days: 0,
      ctime: '2026-01-02T00:00:00.000Z',
    },
  ]);
});

it('replaces and removes a rule by its name', () => {
  const two = withAddedRule(one, sent({ name: 'r2', to_line_after_days: 30 }), nowMs);
  const changed = withUpdatedRule(two, sent({ name: 'r1', prefix: 'u/', delete_after_days: 9 }));
  expect(
    changed.map(({ name, prefix, deleteAfterDays }) => [name, prefix, deleteAfterDays]),
  ).toEqual([
    ['r1', 'u/', 9],
    ['r2', '', 0],
  ]);
  expect(withoutRule(changed, sent({ name: 'r1' })).map(({ name }) => name)).toEqual(['r2']);
  expect(() => withoutRule(one, sent({ name: 'r2' }))).toThrow('no such rule');
  expect(() => withUpdatedRule(one, sent({ name: 'r2', delete_after_days: 1 }))).toThrow(
    'no such rule',
  );
});

it.each([
  [{ name: 'r1', delete_after_days: 1 }, 'rule name exists'],
  [{ name: 'r2', prefix: 't/', delete_after_days: 1 }, 'rule prefix exists'],
  [{ name: '', delete_after_days: 1 }, 'name has letters'],
  [{ name: 'a b', delete_after_days: 1 }, 'name has letters'],
  [{ name: 'r2', delete_after_days: -2 }, 'delete_after_days is no number'],
  [{ name: 'r2', delete_after_days: 36501 }, 'delete_after_days is no number'],
  [{ name: 'r2', delete_after_days: '1e1' }, 'delete_after_days is no number'],
  [{ name: 'r2' }, 'the rule does nothing'],
  [{ name: 'r2', history_delete_after_days: 1 }, 'history_delete_after_days is not supported'],
])('refuses %j: %s', (fields: Record<string, string | number>, message) => {
  expect(() => withAddedRule(one, sent(fields), nowMs)).toThrow(message);
});
