import { beforeEach, describe, expect, it } from 'vitest';
import { newFileId, newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import { indexEngines, queuedFiles, sharedFiles, useIndex } from '../../support/object-index.ts';

describe.each(indexEngines)('a file takes the place of another one in $name', ({ open }) => {
  const tested = useIndex(open);
  let oldFileId: string;
  let newFile: string;
  beforeEach(async () => {
    oldFileId = newFileId();
    newFile = newFileId();
    const segments = [{ fileId: oldFileId, fileOffset: 0, size: 10 }];
    await putObject(tested.index, newObject(tested.bucketId, 'a', { segments }));
  });

  const repoint = (keys: readonly string[], newFileId = newFile) =>
    tested.index.repointFile({
      ...{ oldFileId, newFileId },
      locations: keys.map((key) => ({ bucketId: tested.bucketId, key })),
    });

  async function copy(from: string, to: string): Promise<void> {
    const { index, bucketId } = tested;
    const source = await index.findObject(bucketId, from);
    await index.copyObject({
      ...{ source: { bucketId, key: from }, sourceObjectId: source?.id ?? 0, description: null },
      ...{ destination: { bucketId, key: to }, ownerId: 'o', lastModifiedMs: 1 },
    });
  }

  const fileOf = async (key: string) =>
    (await tested.index.findObject(tested.bucketId, key))?.fileId;

  it('under the key of an object, whose old file is queued', async () => {
    expect(await repoint(['a'])).toEqual({
      ...{ outcome: 'repointed', movedCount: 1, remainingCount: 0 },
    });
    expect(await fileOf('a')).toBe(newFile);
    expect(await queuedFiles(tested)).toEqual([oldFileId]);
    expect(await tested.index.findReplacement(oldFileId)).toBeNull();
  });

  it('that is needed, as one key may tell', async () => {
    const { index, bucketId } = tested;
    expect(await index.findFileUse(oldFileId, bucketId, 'a')).toBe('referenced');
    await copy('a', 'b');
    expect(await index.findFileUse(oldFileId, bucketId, 'x')).toBe('referenced');
    await index.deleteObjects(bucketId, ['a']);
    expect(await index.findFileUse(oldFileId, bucketId, 'a')).toBe('unknown');
    expect(await index.findFileUse(oldFileId, bucketId, 'b')).toBe('referenced');
    await index.deleteObjects(bucketId, ['b']);
    expect(await index.findFileUse(oldFileId, bucketId, 'b')).toBe('queued');
  });

  it('and leaves an object alone that was overwritten meanwhile', async () => {
    const now = await putObject(tested.index, newObject(tested.bucketId, 'a'));
    expect(await repoint(['a'])).toEqual({ outcome: 'not-referenced' });
    expect(await fileOf('a')).toBe(now.fileId);
    expect(await queuedFiles(tested)).toEqual([oldFileId]);
  });

  it('key by key, and is remembered until all are found', async () => {
    for (const key of ['b', 'c']) await copy('a', key);
    expect(await repoint(['a'])).toMatchObject({ movedCount: 1, remainingCount: 2 });
    expect(await tested.index.findReplacement(oldFileId)).toBe(newFile);
    expect(await sharedFiles(tested)).toEqual({ [oldFileId]: 2, [newFile]: 2 });
    expect(await repoint(['b'], newFileId())).toEqual({
      ...{ outcome: 'replaced-already', newFileId: newFile },
    });
    expect(await repoint(['b', 'c'])).toMatchObject({ movedCount: 2, remainingCount: 0 });
    expect(await sharedFiles(tested)).toEqual({ [newFile]: 3 });
    expect(await queuedFiles(tested)).toEqual([oldFileId]);
    expect(await tested.index.findReplacement(oldFileId)).toBeNull();
  });

  it('and stays while only rows that were not found need it', async () => {
    await copy('a', 'b');
    await repoint(['a']);
    await tested.index.deleteObjects(tested.bucketId, ['a']);
    expect(await queuedFiles(tested)).toEqual([]);
    expect(await repoint(['b'])).toMatchObject({ movedCount: 1, remainingCount: 0 });
    expect(await fileOf('b')).toBe(newFile);
  });

  it('and goes with the last row that was not found', async () => {
    await copy('a', 'b');
    await repoint(['a']);
    await tested.index.deleteObjects(tested.bucketId, ['a', 'b']);
    expect(await queuedFiles(tested)).toEqual([oldFileId, newFile].sort());
    expect(await sharedFiles(tested)).toEqual({});
    expect(await tested.index.findReplacement(oldFileId)).toBeNull();
  });

  it('in parts and in pieces of parts without naming them', async () => {
    const { index, bucketId } = tested;
    const upload = newUpload(bucketId, 'u', 'upload');
    await index.createUpload(upload);
    const source = { bucketId, key: 'a' };
    const sourceObjectId = (await index.findObject(bucketId, 'a'))?.id ?? 0;
    for (const [partNumber, size] of [
      [1, 10],
      [2, 4],
    ] as const) {
      const { segments: _, size: __, ...part } = newPart(upload, partNumber);
      await index.copyPart({ ...part, source, sourceObjectId, range: { start: 0, size } });
    }
    expect(await repoint([])).toMatchObject({ movedCount: 2, remainingCount: 1 });
    await index.completeUpload({
      ...{ bucketId, key: 'u', uploadId: 'upload', etag: 'e', checksum: null, lastModifiedMs: 1 },
      parts: [1, 2].map((partNumber) => ({ partNumber, etag: `etag-${partNumber}` })),
    });
    const object = await index.findObject(bucketId, 'u');
    expect(await index.listSegments(object?.id ?? 0, 0, 10)).toMatchObject([
      { fileId: newFile, fileOffset: 0, size: 10 },
      { fileId: newFile, fileOffset: 0, size: 4 },
    ]);
    expect(await repoint(['a'])).toMatchObject({ movedCount: 1, remainingCount: 0 });
    expect(await sharedFiles(tested)).toEqual({ [newFile]: 3 });
  });
});
