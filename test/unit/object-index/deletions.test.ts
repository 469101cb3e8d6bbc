import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IndexUnderTest, indexEngines } from '../../support/object-index.ts';

describe.each(indexEngines)('deletion queue in $name', ({ open }) => {
  let tested: IndexUnderTest;
  beforeEach(async () => {
    tested = await open();
  });
  afterEach(() => tested.close());

  it('gives files that are due, oldest first', async () => {
    const { index } = tested;
    await index.queueDeletions(['group1/b', 'group1/a'], 20);
    await index.queueDeletions(['group2/c'], 10);
    const due = async (nowMs: number, limit: number) =>
      (await index.listDueDeletions(nowMs, limit)).map(({ fileId }) => fileId);
    expect(await due(9, 10)).toEqual([]);
    expect(await due(10, 10)).toEqual(['group2/c']);
    expect(await due(20, 10)).toEqual(['group2/c', 'group1/b', 'group1/a']);
    expect(await due(20, 2)).toEqual(['group2/c', 'group1/b']);
    expect(await index.countDeletions()).toBe(3);
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
    expect(await index.listDueDeletions(10, 10)).toMatchObject([{ fileId: 'group1/a' }]);
    expect(await index.countDeletions()).toBe(1);
  });

  it('finishes and postpones, counting attempts', async () => {
    const { index } = tested;
    const files = Array.from({ length: 300 }, (_, i) => `group1/${i}`);
    await index.queueDeletions(files, 10);
    const due = await index.listDueDeletions(10, 1000);
    const [first, second, ...rest] = due;
    if (!first || !second) throw new Error('nothing is due');
    await index.finishDeletions(rest.map(({ id }) => id));
    await index.postponeDeletions([
      { id: first.id, notBeforeMs: 30 },
      { id: second.id, notBeforeMs: 20 },
    ]);
    expect(await index.listDueDeletions(19, 10)).toEqual([]);
    expect(await index.listDueDeletions(30, 10)).toEqual([
      { ...second, attempts: 1 },
      { ...first, attempts: 1 },
    ]);
    await index.finishDeletions([]);
    await index.postponeDeletions([]);
    expect(await index.countDeletions()).toBe(2);
  });

  it('does not confuse a finished deletion with a later one', async () => {
    const { index } = tested;
    await index.queueDeletions(['group1/a'], 10);
    const [first] = await index.listDueDeletions(10, 1);
    if (!first) throw new Error('nothing is due');
    await index.finishDeletions([first.id]);
    await index.queueDeletions(['group1/b'], 10);
    await index.finishDeletions([first.id]);
    expect(await index.countDeletions()).toBe(1);
  });
});
