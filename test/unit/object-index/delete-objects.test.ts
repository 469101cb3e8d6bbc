import { describe, expect, it } from 'vitest';
import { deletedSegmentsMax } from '../../../src/object-index/delete-objects.ts';
import { newFileId, newObject, putObject } from '../../support/new-records.ts';
import { indexEngines, useIndex } from '../../support/object-index.ts';

describe.each(indexEngines)('deleting many large objects in $name', ({ open }) => {
  const tested = useIndex(open);

  async function put(key: string, segmentCount: number): Promise<void> {
    const segments = Array.from({ length: segmentCount }, () => ({
      fileId: newFileId(),
      fileOffset: 0,
      size: 1,
    }));
    await putObject(tested.index, newObject(tested.bucketId, key, { segments }));
  }

  it('leaves those for the next transaction that would be too much for one', async () => {
    const { index, bucketId } = tested;
    const most = deletedSegmentsMax * 0.6;
    const sizes = { a: most, b: most, c: 1, d: 2 };
    for (const [key, segmentCount] of Object.entries(sizes)) await put(key, segmentCount);
    const keys = ['d', 'c', 'b', 'a', 'b', 'missing'];
    const first = await index.deleteObjects(bucketId, keys);
    expect(first.unfinished).toEqual(new Set(['b', 'd']));
    expect(await index.findObject(bucketId, 'a')).toBeNull();
    expect(await index.findObject(bucketId, 'c')).toBeNull();
    expect(await index.findObject(bucketId, 'b')).not.toBeNull();
    expect(await index.countDeletions()).toBe(most + 1);
    const second = await index.deleteObjects(bucketId, [...first.unfinished]);
    expect(second.unfinished.size).toBe(0);
    expect(await index.countDeletions()).toBe(2 * most + 3);
    expect(await tested.query('SELECT 1 FROM segments')).toEqual([]);
  });

  it('takes one object whole, however large it is', async () => {
    const { index, bucketId } = tested;
    await put('a', deletedSegmentsMax + 1);
    await put('b', 2);
    expect((await index.deleteObjects(bucketId, ['a', 'b'])).unfinished).toEqual(new Set(['b']));
    expect(await index.countDeletions()).toBe(deletedSegmentsMax + 1);
  });

  it('leaves those with conditions, too', async () => {
    const { index, bucketId } = tested;
    for (const key of ['a', 'b']) await put(key, deletedSegmentsMax);
    const conditional = ['a', 'b'].map((key) => ({ key, condition: { ifMatch: ['*'] } }));
    const outcome = await index.deleteObjects(bucketId, [], conditional);
    expect(outcome).toEqual({ kept: new Set(), unfinished: new Set(['b']) });
  });
});
