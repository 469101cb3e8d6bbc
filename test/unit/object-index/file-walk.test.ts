import { describe, expect, it } from 'vitest';
import type { FileReference } from '../../../src/object-index/file-records.ts';
import { listFileReferences } from '../../../src/object-index/file-walk.ts';
import { newFileId, newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import { createBucket, indexEngines, useIndex } from '../../support/object-index.ts';

describe.each(indexEngines)('a walk over all references to files in $name', ({ open }) => {
  const tested = useIndex(open);

  async function walk(bucketId: number | null, limit: number): Promise<FileReference[]> {
    const references: FileReference[] = [];
    for (let after: string | null = null; ; ) {
      const page = await tested.index.listFileReferences({ bucketId, after, limit });
      references.push(...page.references);
      if (page.next === null) return references;
      after = page.next;
    }
  }

  /** Parts and objects of all kinds in one bucket, and an object in another one. */
  async function fill(): Promise<{ here: FileReference[]; there: FileReference[] }> {
    const { index, bucketId } = tested;
    const other = await createBucket(index, 'other');
    const at = (key: string, uploadId: string | null = null, bucket = bucketId) => {
      const place = { fileId: newFileId(), bucketId: bucket, key, uploadId };
      return { ...place, fileOffset: 0, size: 5, isWholeFile: true };
    };
    /** Bytes 7 to 11 of a file. */
    const within = (key: string, uploadId: string | null = null) => ({
      ...at(key, uploadId),
      ...{ fileOffset: 7, isWholeFile: false },
    });
    const contentOf = (references: readonly FileReference[]) => ({
      segments: references.map(({ fileId, fileOffset, size }) => ({ fileId, fileOffset, size })),
    });
    const upload = newUpload(bucketId, 'up', 'u1');
    await index.createUpload(upload);
    const whole = [at('up', 'u1')];
    const pieces = [within('up', 'u1'), within('up', 'u1'), within('up', 'u1')];
    await index.putPart(newPart(upload, 1, contentOf(pieces)));
    await index.putPart(newPart(upload, 2, contentOf(whole)));
    await index.putPart(newPart(upload, 3, { size: 0 }));
    const objects = [
      [at('a')],
      [],
      [within('c'), within('c'), within('c'), within('c')],
      [at('\u{10000}')],
    ];
    for (const [number, references] of objects.entries()) {
      const key = references[0]?.key ?? `empty-${number}`;
      await putObject(index, newObject(bucketId, key, { ...contentOf(references) }));
    }
    const there = [at('a', null, other)];
    await putObject(index, newObject(other, 'a', contentOf(there)));
    return { here: [...whole, ...pieces, ...objects.flat()], there };
  }

  it.each([1, 2, 3, 100])('gives each once, parts first, by pages of %i', async (limit) => {
    const { here, there } = await fill();
    expect(await walk(null, limit)).toEqual([...here, ...there]);
  });

  it.each([1, 2, 3, 100])('can keep to one bucket, by pages of %i', async (limit) => {
    const { here } = await fill();
    expect(await walk(tested.bucketId, limit)).toEqual(here);
  });

  it('reads few rows again, however many objects have segments', async () => {
    const { index, bucketId } = tested;
    for (let number = 0; number < 200; number += 1) {
      const segments = [1, 2].map(() => ({ fileId: newFileId(), fileOffset: 0, size: 5 }));
      await putObject(index, newObject(bucketId, `key-${number}`, { segments }));
    }
    let rowsRead = 0;
    const statements = listFileReferences({ bucketId: null, after: null, limit: 1_000 });
    let step = statements.next();
    while (!step.done) {
      if (step.value.kind !== 'all') throw new Error(step.value.kind);
      const rows = await tested.query(step.value.sql, ...step.value.values);
      rowsRead += rows.length;
      step = statements.next(rows);
    }
    expect(step.value.references.length).toBe(400);
    expect(rowsRead).toBeLessThan(8_000);
  });

  it('can be counted before', async () => {
    const { here, there } = await fill();
    const { index, bucketId } = tested;
    expect(await index.countFileReferences(null)).toBe(here.length + there.length);
    // Those of segments and parts are not worth a look at each object.
    expect(await index.countFileReferences(bucketId)).toBe(2);
  });

  it('goes on where it was, whatever came or went', async () => {
    const { index, bucketId } = tested;
    for (const key of ['a', 'b', 'c', 'd']) await putObject(index, newObject(bucketId, key));
    const first = await index.listFileReferences({ bucketId: null, after: null, limit: 2 });
    expect(first.references.map(({ key }) => key)).toEqual(['a', 'b']);
    await index.deleteObjects(bucketId, ['b', 'c']);
    await putObject(index, newObject(bucketId, 'bb'));
    const second = await index.listFileReferences({ bucketId: null, after: first.next, limit: 9 });
    expect(second.references.map(({ key }) => key)).toEqual(['bb', 'd']);
    expect(second.next).toBeNull();
  });

  it.each([
    ['not a cursor at all'],
    [Buffer.from('null').toString('base64url')],
    [Buffer.from('["parts","",1.5]').toString('base64url')],
    [Buffer.from('["users","",1]').toString('base64url')],
    [Buffer.from('["objects",1,"k"]').toString('base64url')],
  ])('refuses the cursor %s', async (after) => {
    const request = { bucketId: null, after, limit: 1 };
    await expect(tested.index.listFileReferences(request)).rejects.toThrow('cursor is damaged');
  });
});
