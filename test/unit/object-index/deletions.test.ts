import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newObject, putObject } from '../../support/new-records.ts';
import {
  indexEngines,
  listAllDue,
  NOW_MS,
  queuedFiles,
  useIndex,
} from '../../support/object-index.ts';

describe.each(indexEngines)('deletion queue in $name', ({ open }) => {
  const tested = useIndex(open);

  const due = async (groupName: string, dueAtMs: number, limit = 10) => {
    const request = { groupName, dueAtMs, after: null, limit };
    return (await tested.index.listDueDeletions(request)).map(({ fileId }) => fileId);
  };

  it('gives the files of a group that are due, longest due first', async () => {
    const { index } = tested;
    await index.queueDeletions(['group1/b', 'group1/a'], 20);
    await index.queueDeletions(['group1/c', 'group2/x'], 10);
    expect(await due('group1', 9)).toEqual([]);
    expect(await due('group1', 10)).toEqual(['group1/c']);
    expect(await due('group1', 20)).toEqual(['group1/c', 'group1/b', 'group1/a']);
    expect(await due('group1', 20, 2)).toEqual(['group1/c', 'group1/b']);
    expect(await due('group2', 20)).toEqual(['group2/x']);
    expect(await due('group', 20)).toEqual([]);
    expect(await index.countDeletions()).toBe(4);
  });

  it('tells whether a file waits, and all that wait in the order they came', async () => {
    const { index } = tested;
    await index.queueDeletions(['group1/b', 'group1/a'], 20);
    await index.queueDeletions(['group2/x'], 10);
    expect(await index.isQueuedForDeletion('group1/a')).toBe(true);
    expect(await index.isQueuedForDeletion('group1/c')).toBe(false);
    const [first, ...rest] = await index.listQueuedFiles(0, 10);
    expect([first, ...rest].map((file) => file?.fileId)).toEqual([
      'group1/b',
      'group1/a',
      'group2/x',
    ]);
    expect(await index.listQueuedFiles(first?.id ?? 0, 10)).toEqual(rest);
    expect(await index.listQueuedFiles(0, 1)).toEqual([first]);
  });

  it('names the groups that have something due', async () => {
    const { index } = tested;
    expect(await index.listDueGroups(100)).toEqual([]);
    await index.queueDeletions(['group2/a', 'group2/b', 'group10/a'], 10);
    await index.queueDeletions(['group1/a', 'group2/c'], 20);
    expect(await index.listDueGroups(9)).toEqual([]);
    expect(await index.listDueGroups(10)).toEqual(['group10', 'group2']);
    expect(await index.listDueGroups(20)).toEqual(['group1', 'group10', 'group2']);
  });

  it('notes the group of each file', async () => {
    await tested.index.queueDeletions(['group2/M00/00/00/x', 'strange'], 1);
    expect(await tested.query('SELECT group_name FROM deletion_queue ORDER BY id')).toEqual([
      { group_name: 'group2' },
      { group_name: 'strange' },
    ]);
  });

  it('queues a file once', async () => {
    const { index } = tested;
    await index.queueDeletions(['group1/a', 'group1/a'], 10);
    await index.queueDeletions(['group1/a'], 30);
    expect(await listAllDue(index, 10)).toMatchObject([{ fileId: 'group1/a' }]);
    expect(await index.countDeletions()).toBe(1);
  });

  it('finishes and postpones, counting attempts', async () => {
    const { index } = tested;
    const files = Array.from({ length: 300 }, (_, i) => `group1/${i}`);
    await index.queueDeletions(files, 10);
    const [first, second, third, ...rest] = await listAllDue(index, 10);
    if (!first || !second || !third) throw new Error('nothing is due');
    await index.finishDeletions(rest.map(({ id }) => id));
    await index.postponeDeletions([
      { id: first.id, notBeforeMs: 30, problem: 'refused' },
      { id: second.id, notBeforeMs: 20, problem: 'refused' },
      { id: third.id, notBeforeMs: 20, problem: null },
    ]);
    expect(await listAllDue(index, 19)).toEqual([]);
    expect(await listAllDue(index, 30)).toEqual([
      { ...second, attempts: 1, notBeforeMs: 20 },
      { ...third, attempts: 0, notBeforeMs: 20 },
      { ...first, attempts: 1, notBeforeMs: 30 },
    ]);
    await index.finishDeletions([]);
    await index.postponeDeletions([]);
    expect(await index.countDeletions()).toBe(3);
  });

  it('tells which of the postponed files were finished by somebody else', async () => {
    const { index } = tested;
    await index.queueDeletions(['group1/a', 'group1/b'], 10);
    const [a, b] = await listAllDue(index, 10);
    if (!a || !b) throw new Error('nothing is due');
    await index.finishDeletions([a.id]);
    const postponed = [a, b].map(({ id }) => ({ id, notBeforeMs: 20, problem: 'refused' }));
    expect(await index.postponeDeletions(postponed)).toEqual(new Set([b.id]));
    expect(await index.countDeletions()).toBe(1);
  });

  it('does not confuse a finished deletion with a later one', async () => {
    const { index } = tested;
    await index.queueDeletions(['group1/a'], 10);
    const [first] = await listAllDue(index, 10);
    if (!first) throw new Error('nothing is due');
    await index.finishDeletions([first.id]);
    await index.queueDeletions(['group1/b'], 10);
    await index.finishDeletions([first.id]);
    expect(await index.countDeletions()).toBe(1);
  });

  it('pages through a group without losing or repeating a file', async () => {
    const { index } = tested;
    const times = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 7 }), async (notBefore, limit) => {
        for (const [i, time] of notBefore.entries()) {
          await index.queueDeletions([`group1/${i}`], time);
        }
        const found: { id: number; fileId: string; notBeforeMs: number }[] = [];
        for (;;) {
          const request = { groupName: 'group1', dueAtMs: 4, after: found.at(-1) ?? null, limit };
          const page = await index.listDueDeletions(request);
          found.push(...page);
          if (page.length < limit) break;
        }
        const expected = [...notBefore.entries()]
          .filter(([, time]) => time <= 4)
          .sort(([i, time], [j, other]) => time - other || i - j);
        expect(found.map(({ fileId }) => fileId)).toEqual(expected.map(([i]) => `group1/${i}`));
        const queued = await listAllDue(index, 5);
        await index.finishDeletions(queued.map(({ id }) => id));
      }),
      { numRuns: 30 },
    );
  });

  it('tells its state by group', async () => {
    const { index } = tested;
    expect(await index.deletionQueueState(NOW_MS)).toEqual([]);
    await index.queueDeletions(['group2/a', 'group2/b', 'group2/c'], NOW_MS);
    await index.queueDeletions(['group2/d', 'group1/a'], NOW_MS + 1);
    const [first] = await listAllDue(index, NOW_MS);
    if (!first) throw new Error('nothing is due');
    await index.postponeDeletions([{ id: first.id, notBeforeMs: NOW_MS + 5, problem: 'refused' }]);
    const oldestQueuedAtMs = NOW_MS;
    expect(await index.deletionQueueState(NOW_MS)).toEqual([
      { groupName: 'group1', queuedCount: 1, dueCount: 0, failingCount: 0, oldestQueuedAtMs },
      { groupName: 'group2', queuedCount: 4, dueCount: 2, failingCount: 1, oldestQueuedAtMs },
    ]);
  });

  it('lists what could not be deleted, with the last problem', async () => {
    const { index } = tested;
    await index.queueDeletions(['group2/a', 'group2/b', 'group1/a'], 10);
    const ids = new Map((await listAllDue(index, 10)).map(({ fileId, id }) => [fileId, id]));
    for (const [fileId, problem] of [
      ['group2/b', 'first'],
      ['group2/b', 'second'],
      ['group1/a', 'third'],
    ] as const) {
      const id = ids.get(fileId) ?? 0;
      await index.postponeDeletions([{ id, notBeforeMs: 20, problem }]);
    }
    const queued = { queuedAtMs: NOW_MS, notBeforeMs: 20 };
    expect(await index.listFailingDeletions(10)).toEqual([
      { fileId: 'group1/a', attempts: 1, problem: 'third', ...queued },
      { fileId: 'group2/b', attempts: 2, problem: 'second', ...queued },
    ]);
    expect(await index.listFailingDeletions(1)).toHaveLength(1);
  });

  it('takes the files of a deleted object, noting when', async () => {
    const { index, bucketId } = tested;
    const object = await putObject(index, newObject(bucketId, 'key'));
    await index.deleteObjects(bucketId, ['key']);
    expect(await queuedFiles(tested)).toEqual([object.fileId]);
    expect(await tested.query('SELECT queued_at_ms FROM deletion_queue')).toEqual([
      { queued_at_ms: NOW_MS },
    ]);
  });
});
