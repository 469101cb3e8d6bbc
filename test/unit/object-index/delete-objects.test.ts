import { describe, expect, it } from 'vitest';
import type { ObjectDeletion } from '../../../src/object-index/deletion-requests.ts';
import { deletedSegmentsMax } from '../../../src/object-index/segment-budget.ts';
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

  async function outcomes(deletions: readonly (string | ObjectDeletion)[]) {
    const results = await tested.index.deleteObjects(tested.bucketId, deletions);
    return results.map(({ outcome }) => outcome);
  }

  it('leaves those for the next transaction that would be too much for one', async () => {
    const { index, bucketId } = tested;
    const most = deletedSegmentsMax * 0.6;
    const sizes = { a: most, b: most, c: 1, d: 2 };
    for (const [key, segmentCount] of Object.entries(sizes)) await put(key, segmentCount);
    const keys = ['d', 'c', 'b', 'a', 'b', 'missing'];
    const first = await outcomes(keys);
    expect(keys.filter((_, position) => first[position] === 'unfinished')).toEqual(['d', 'b', 'b']);
    expect(await index.findObject(bucketId, 'a')).toBeNull();
    expect(await index.findObject(bucketId, 'c')).toBeNull();
    expect(await index.findObject(bucketId, 'b')).not.toBeNull();
    expect(await index.countDeletions()).toBe(most + 1);
    expect(await outcomes(['d', 'b'])).toEqual(['deleted', 'deleted']);
    expect(await index.countDeletions()).toBe(2 * most + 3);
    expect(await tested.query('SELECT 1 FROM segments')).toEqual([]);
  });

  it('takes one object whole, however large it is', async () => {
    const { index } = tested;
    await put('a', deletedSegmentsMax + 1);
    await put('b', 2);
    expect(await outcomes(['a', 'b'])).toEqual(['deleted', 'unfinished']);
    expect(await index.countDeletions()).toBe(deletedSegmentsMax + 1);
  });

  it('leaves those with conditions, too', async () => {
    for (const key of ['a', 'b']) await put(key, deletedSegmentsMax);
    const conditional = ['a', 'b'].map((key) => ({ key, condition: { ifMatch: ['*'] } }));
    expect(await outcomes(conditional)).toEqual(['deleted', 'unfinished']);
  });
});
