import { describe, expect, it } from 'vitest';
import { newFileId, newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import { indexEngines, queuedFiles, useIndex } from '../../support/object-index.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const segmentsOf = (...fileIds: string[]) =>
  fileIds.map((fileId) => ({ fileId, fileOffset: 0, size: 10 }));

async function collect(batches: AsyncIterable<readonly string[]>): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

describe.each(indexEngines)('files that the index knows in $name', ({ open, name }) => {
  const tested = useIndex(open);
  // How all of them are listed is each engine's own.
  const onSqlite = it.runIf(name === 'SQLite');

  async function copy(from: string, to: string): Promise<void> {
    const { index, bucketId } = tested;
    const source = await index.findObject(bucketId, from);
    await index.copyObject({
      ...{ source: { bucketId, key: from }, sourceObjectId: source?.id ?? 0, description: null },
      ...{ destination: { bucketId, key: to }, ownerId: 'o', lastModifiedMs: 1 },
    });
  }

  /** One file, or more, of every kind that there is. */
  async function fill(): Promise<{ readonly found: string[]; readonly ofObject: string }> {
    const { index, bucketId } = tested;
    const [ofObject, first, second, shared, old, replacement] = Array.from({ length: 6 }, () =>
      newFileId(),
    ) as [string, string, string, string, string, string];
    const [ofPart, inPart1, inPart2, queued] = Array.from({ length: 4 }, () => newFileId()) as [
      ...[string, string, string, string],
    ];
    await putObject(index, newObject(bucketId, 'one', { segments: segmentsOf(ofObject) }));
    await putObject(index, newObject(bucketId, 'many', { segments: segmentsOf(first, second) }));
    await putObject(index, newObject(bucketId, 'shared', { segments: segmentsOf(shared) }));
    await copy('shared', 'copy');
    await putObject(index, newObject(bucketId, 'old', { segments: segmentsOf(old) }));
    await copy('old', 'other');
    const locations = [{ bucketId, key: 'old' }];
    await index.repointFile({ oldFileId: old, newFileId: replacement, locations });
    const upload = newUpload(bucketId, 'k', 'u1');
    await index.createUpload(upload);
    await index.putPart(newPart(upload, 1, { segments: segmentsOf(ofPart) }));
    await index.putPart(newPart(upload, 2, { segments: segmentsOf(inPart1, inPart2) }));
    await index.queueDeletions([queued], 0);
    const found = [first, second, shared, old, replacement, ofPart, inPart1, inPart2, queued];
    return { found, ofObject };
  }

  onSqlite('are listed in order, whatever refers to them', async () => {
    const { found, ofObject } = await fill();
    const listed = await collect(tested.index.listUsedFiles(temporaryDirectory()));
    expect(listed).toEqual([...listed].sort());
    expect(new Set(listed)).toEqual(new Set([...found, ofObject]));
  });

  onSqlite('are listed as of one moment, however slowly they are read', async () => {
    const { index, bucketId } = tested;
    const { fileId } = await putObject(index, newObject(bucketId, 'k'));
    const batches = index.listUsedFiles(temporaryDirectory())[Symbol.asyncIterator]();
    const first = await batches.next();
    await index.deleteObjects(bucketId, ['k']);
    await putObject(index, newObject(bucketId, 'k'));
    expect(first.value).toEqual([fileId]);
    expect(await batches.next()).toMatchObject({ done: true });
  });

  it('are not queued as orphans, but the others are', async () => {
    const { found } = await fill();
    const orphans = [newFileId(), newFileId()];
    const before = await queuedFiles(tested);
    const asked = [...found, ...orphans];
    const { queuedCount, neededFileIds } = await tested.index.queueOrphans(asked, 5);
    expect(queuedCount).toBe(2);
    expect(new Set(neededFileIds)).toEqual(new Set(found));
    expect(await queuedFiles(tested)).toEqual([...before, ...orphans].sort());
  });
});
