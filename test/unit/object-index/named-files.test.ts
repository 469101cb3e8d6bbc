import { describe, expect, it } from 'vitest';
import type { ObjectRecord, SegmentContent } from '../../../src/object-index/records.ts';
import { newFileId, newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import { createBucket, indexEngines, queuedFiles, useIndex } from '../../support/object-index.ts';

const photo = (): string => `${newFileId()}.jpg`;
const whole = (fileId: string): SegmentContent[] => [{ fileId, fileOffset: 0, size: 10 }];

describe.each(indexEngines)('named files in $name', ({ open }) => {
  const tested = useIndex(open);

  const put = (key: string, fileId: string) =>
    putObject(tested.index, newObject(tested.bucketId, key, { segments: whole(fileId) }));
  const copy = (source: ObjectRecord, key: string, bucketId = tested.bucketId) =>
    tested.index.copyObject({
      source: { bucketId: source.bucketId, key: source.key, versionId: source.versionId },
      sourceObjectId: source.id,
      destination: { bucketId, key },
      ownerId: 'owner',
      lastModifiedMs: 1,
      description: null,
    });
  const rename = (sourceKey: string, key: string) =>
    tested.index.renameObject({ bucketId: tested.bucketId, sourceKey, key, token: null });
  const keysOf = async (fileId: string): Promise<string[] | null> => {
    const named = await tested.index.findNamedFile(fileId);
    return named?.places.map(({ key }) => key).sort() ?? null;
  };
  /** As an import leaves it. */
  const markImported = (fileId: string) =>
    tested.execute('UPDATE named_files SET is_imported = 1 WHERE file_id = ?', fileId);
  const consent = (bucketId: number) =>
    tested.index.setBucketSetting(bucketId, 'importedFiles', 'delete');

  it('lead from the ID of a file with an extension to its key, and of no other', async () => {
    const { index, bucketId } = tested;
    const [named, plain, flagged] = [photo(), newFileId(), newFileId()];
    await put('a', named);
    await put('b', plain);
    await putObject(index, newObject(bucketId, 'c', { segments: whole(flagged), isNamed: true }));
    expect(await index.findNamedFile(named)).toEqual({
      ...{ fileId: named, isImported: false, places: [{ bucketId, key: 'a' }] },
    });
    expect(await keysOf(plain)).toBeNull();
    expect(await keysOf(flagged)).toEqual(['c']);
  });

  it('follow copies, renames, overwrites and deletions, and go with the last of them', async () => {
    const { index, bucketId } = tested;
    const fileId = photo();
    const source = await put('a', fileId);
    await copy(source, 'b');
    await copy(source, 'c');
    expect(await keysOf(fileId)).toEqual(['a', 'b', 'c']);
    await rename('a', 'd');
    await rename('b', 'c');
    expect(await keysOf(fileId)).toEqual(['c', 'd']);
    await put('c', photo());
    expect(await keysOf(fileId)).toEqual(['d']);
    await index.deleteObjects(bucketId, ['d']);
    expect(await keysOf(fileId)).toBeNull();
    expect(await queuedFiles(tested)).toEqual([fileId]);
  });

  it('keep the key while another version of it is the file', async () => {
    const { index, bucketId } = tested;
    await index.setBucketVersioning(bucketId, 'Enabled');
    const fileId = photo();
    const first = await put('a', fileId);
    await copy(first, 'a');
    await copy(first, 'b');
    await index.deleteObjects(bucketId, [{ key: 'a', versionId: first.versionId }]);
    expect(await keysOf(fileId)).toEqual(['a', 'b']);
  });

  it('still know a file that only a part of an upload refers to', async () => {
    const { index, bucketId } = tested;
    const fileId = photo();
    const source = await put('a', fileId);
    await markImported(fileId);
    const upload = newUpload(bucketId, 'u', 'u1');
    await index.createUpload(upload);
    const { segments: _, size: __, ...part } = newPart(upload, 1);
    await index.copyPart({
      ...part,
      source: { bucketId, key: 'a' },
      sourceObjectId: source.id,
      range: { start: 2, size: 3 },
    });
    await index.deleteObjects(bucketId, ['a']);
    expect((await index.findNamedFile(fileId))?.isImported).toBe(true);
    await index.abortUpload(bucketId, 'u', 'u1');
    expect(await keysOf(fileId)).toBeNull();
    expect(await queuedFiles(tested)).toEqual([]);
  });

  it('keep an imported file from deletion unless its bucket consents', async () => {
    const { index, bucketId } = tested;
    const consenting = await createBucket(index, 'consenting');
    await consent(consenting);
    const [kept, deleted] = [photo(), photo()];
    await put('kept', kept);
    await putObject(index, newObject(consenting, 'deleted', { segments: whole(deleted) }));
    for (const fileId of [kept, deleted]) await markImported(fileId);
    await index.deleteObjects(bucketId, ['kept']);
    await index.deleteObjects(consenting, ['deleted']);
    expect(await queuedFiles(tested)).toEqual([deleted]);
  });

  it('let nobody take an imported file away by a copy in a bucket that consents', async () => {
    const { index, bucketId } = tested;
    const consenting = await createBucket(index, 'consenting-too');
    await consent(consenting);
    const fileId = photo();
    const object = await put('kept', fileId);
    await markImported(fileId);
    await copy(object, 'copy', consenting);
    await copy(object, 'other', bucketId);
    await index.deleteObjects(bucketId, ['kept']);
    expect(await keysOf(fileId)).toEqual(['copy', 'other']);
    await index.deleteObjects(bucketId, ['other']);
    await index.deleteObjects(consenting, ['copy']);
    expect(await index.findNamedFile(fileId)).toBeNull();
    expect(await queuedFiles(tested)).not.toContain(fileId);
  });

  it('are shared by a write that publishes its file after an import did', async () => {
    const { index, bucketId } = tested;
    const fileId = photo();
    await put('imported', fileId);
    await markImported(fileId);
    await put('written', fileId);
    expect((await index.findNamedFile(fileId))?.isImported).toBe(false);
    await index.deleteObjects(bucketId, ['imported']);
    expect(await queuedFiles(tested)).toEqual([]);
    await index.deleteObjects(bucketId, ['written']);
    expect(await queuedFiles(tested)).toEqual([fileId]);
  });

  it('are not queued by a write that failed after an import', async () => {
    const { index } = tested;
    const [imported, plain] = [photo(), newFileId()];
    await put('imported', imported);
    await index.queueDeletions([imported, plain], 1);
    expect(await queuedFiles(tested)).toEqual([plain]);
  });
});
