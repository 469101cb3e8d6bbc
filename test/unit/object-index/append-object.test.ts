import { describe, expect, it } from 'vitest';
import type { ObjectRecord } from '../../../src/object-index/records.ts';
import { appendTo } from '../../support/append-request.ts';
import { newFileId, newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import {
  indexEngines,
  NOW_MS,
  queuedFiles,
  sharedFiles,
  useIndex,
} from '../../support/object-index.ts';

const ETAG = 'd41d8cd98f00b204e9800998ecf8427e';
const unlimited = { sizeBytes: null, objectCount: null };

describe.each(indexEngines)('appendObject in $name', ({ open }) => {
  const tested = useIndex(open);
  const piece = (size: number, fileId = newFileId()) => ({ fileId, fileOffset: 0, size });

  async function append(object: ObjectRecord, ...segments: ReturnType<typeof piece>[]) {
    const appended = await tested.index.appendObject(appendTo(object, segments));
    if (appended.outcome !== 'appended') throw new Error(appended.outcome);
    return appended.object;
  }

  /** Offset and size of each segment or part of an object. */
  async function extentsOf({ id }: ObjectRecord) {
    const segments = await tested.index.listSegments(id, 0, 100);
    const { parts } = await tested.index.listObjectParts(id, 0, 100);
    return {
      segments: segments.map(({ startOffset, size }) => [startOffset, size]),
      parts: parts.map(({ partNumber, startOffset, size }) => [partNumber, startOffset, size]),
    };
  }

  it('puts segments behind those of the object, which stays the same one', async () => {
    const { index, bucketId } = tested;
    const first = piece(10);
    const described = { userMetadata: { k: 'v' }, tags: { a: 'b' }, acl: '{}' };
    const stored = await putObject(
      index,
      newObject(bucketId, 'k', { segments: [first], ...described }),
    );
    const [second, third] = [piece(4), piece(3)];
    const checksum = { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAAAA==' } as const;
    const appended = await index.appendObject(appendTo(stored, [second, third], { checksum }));
    const expected = {
      ...{ ...stored, ...described, checksum, size: 17, etag: `${stored.etag}+`, partCount: 2 },
      ...{ lastModifiedMs: NOW_MS + 1, fileId: null },
    };
    expect(appended).toEqual({ outcome: 'appended', object: expected });
    expect(await index.findObject(bucketId, 'k')).toEqual(expected);
    expect(await index.listSegments(stored.id, 0, 10)).toEqual([
      { ...first, startOffset: 0 },
      { ...second, startOffset: 10 },
      { ...third, startOffset: 14 },
    ]);
    expect((await extentsOf(expected)).parts).toEqual([
      [1, 0, 10],
      [2, 10, 7],
    ]);
    // One of many is no reason to read those before it.
    expect(await index.listSegments(stored.id, 15, 1)).toMatchObject([{ startOffset: 14 }]);
  });

  it('leaves no gap and no overlap, however often', async () => {
    const { index, bucketId } = tested;
    let object = await putObject(index, newObject(bucketId, 'k', { segments: [piece(1)] }));
    for (const size of [2, 3, 4]) object = await append(object, piece(size), piece(1));
    expect(await extentsOf(object)).toEqual({
      segments: [
        ...[
          [0, 1],
          [1, 2],
          [3, 1],
        ],
        ...[
          [4, 3],
          [7, 1],
          [8, 4],
          [12, 1],
        ],
      ],
      parts: [
        ...[
          [1, 0, 1],
          [2, 1, 3],
        ],
        ...[
          [3, 4, 4],
          [4, 8, 5],
        ],
      ],
    });
    expect(object).toMatchObject({ size: 13, partCount: 4 });
    await index.deleteObjects(bucketId, ['k']);
    expect(await queuedFiles(tested)).toHaveLength(7);
    expect(
      await tested.query('SELECT 1 FROM segments UNION ALL SELECT 1 FROM object_parts'),
    ).toEqual([]);
  });

  it('makes one whole file of an empty object, which had no part', async () => {
    const { index, bucketId } = tested;
    const empty = await putObject(index, newObject(bucketId, 'k', { size: 0 }));
    const only = piece(5);
    const object = await append(empty, only);
    expect(object).toMatchObject({ size: 5, fileId: only.fileId, partCount: 1 });
    expect(await extentsOf(object)).toEqual({ segments: [], parts: [[1, 0, 5]] });
    const longer = await append(object, piece(2));
    expect(await extentsOf(longer)).toEqual({
      segments: [
        [0, 5],
        [5, 2],
      ],
      parts: [
        [1, 0, 5],
        [2, 5, 2],
      ],
    });
  });

  it('goes behind the parts of a completed upload, whatever their numbers', async () => {
    const { index, bucketId } = tested;
    const upload = newUpload(bucketId, 'k', 'u');
    await index.createUpload(upload);
    for (const number of [3, 8]) {
      await index.putPart(newPart(upload, number, { segments: [piece(number)], etag: ETAG }));
    }
    const completed = await index.completeUpload({
      ...{ bucketId, key: 'k', uploadId: 'u', etag: `${ETAG}-2`, checksum: null },
      ...{
        lastModifiedMs: NOW_MS,
        parts: [3, 8].map((partNumber) => ({ partNumber, etag: ETAG })),
      },
    });
    if (completed.outcome !== 'completed') throw new Error(completed.outcome);
    const found = await index.findObject(bucketId, 'k');
    if (!found) throw new Error('no object');
    const before = await extentsOf(found);
    const object = await append(found, piece(2));
    const after = await extentsOf(object);
    const last = (before.parts.at(-1)?.[0] ?? 0) + 1;
    expect(after.parts).toEqual([...before.parts, [last, 11, 2]]);
    expect(after.segments).toEqual([...before.segments, [11, 2]]);
    expect(object).toMatchObject({ size: 13, partCount: 3 });
  });

  it('leaves the copies of the object as they are, and shares no file that they have not', async () => {
    const { index, bucketId } = tested;
    const shared = piece(10);
    const source = await putObject(index, newObject(bucketId, 'k', { segments: [shared] }));
    const copied = await index.copyObject({
      ...{ source: { bucketId, key: 'k' }, sourceObjectId: source.id, ownerId: 'owner' },
      ...{ destination: { bucketId, key: 'copy' }, lastModifiedMs: NOW_MS, description: null },
    });
    if (copied.outcome !== 'stored') throw new Error(copied.outcome);
    const added = piece(4);
    await append(source, added);
    expect(await index.findObject(bucketId, 'copy')).toEqual(copied.object);
    expect(await sharedFiles(tested)).toEqual({ [shared.fileId]: 2 });
    await index.deleteObjects(bucketId, ['k']);
    expect(await queuedFiles(tested)).toEqual([added.fileId]);
    await index.deleteObjects(bucketId, ['copy']);
    expect(await queuedFiles(tested)).toEqual([added.fileId, shared.fileId].sort());
  });

  it.each<[string, (object: ObjectRecord) => Parameters<typeof appendTo>[2], string]>([
    ['another ETag', ({ id }) => ({ expected: { objectId: id, etag: 'x' } }), 'object-changed'],
    ['another object', ({ etag }) => ({ expected: { objectId: 0, etag } }), 'object-changed'],
    ['a missing key', () => ({ key: 'missing' }), 'object-changed'],
    [
      'a missing key that must match',
      () => ({ key: 'missing', condition: { ifMatch: ['*'] } }),
      'no-such-key',
    ],
    [
      'an ETag that is not its own',
      () => ({ condition: { ifMatch: ['x'] } }),
      'precondition-failed',
    ],
    ['no object', () => ({ condition: { ifNoneMatch: ['*'] } }), 'precondition-failed'],
    ['its own ETag', ({ etag }) => ({ condition: { ifMatch: [etag] } }), 'appended'],
    ['no such bucket', () => ({ bucketId: 999 }), 'no-such-bucket'],
  ])('expecting %s', async (_name, overridesFor, outcome) => {
    const { index, bucketId } = tested;
    const stored = await putObject(index, newObject(bucketId, 'k'));
    const request = appendTo(stored, [piece(3)], overridesFor(stored));
    expect((await index.appendObject(request)).outcome).toBe(outcome);
    const found = await index.findObject(bucketId, 'k');
    if (outcome === 'appended') expect(found?.size).toBe(13);
    else {
      expect(found).toEqual(stored);
      expect(await extentsOf(stored)).toEqual({ segments: [], parts: [] });
    }
  });

  it('lets one of several that begin at the same offset through', async () => {
    const { index, bucketId } = tested;
    const stored = await putObject(index, newObject(bucketId, 'k'));
    const requests = [1, 2, 3].map((size) => index.appendObject(appendTo(stored, [piece(size)])));
    const outcomes = (await Promise.all(requests)).map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual(['appended', 'object-changed', 'object-changed']);
    expect((await index.findObject(bucketId, 'k'))?.partCount).toBe(2);
  });

  it('is not for buckets that have or had versions', async () => {
    const { index, bucketId } = tested;
    const stored = await putObject(index, newObject(bucketId, 'k'));
    for (const state of ['Enabled', 'Suspended'] as const) {
      await index.setBucketVersioning(bucketId, state);
      const request = appendTo(stored, [piece(3)]);
      expect(await index.appendObject(request)).toEqual({ outcome: 'versioned' });
    }
    expect(await index.findObject(bucketId, 'k')).toEqual(stored);
  });

  it('refuses segments that are not as long as they say', async () => {
    const { index, bucketId } = tested;
    const stored = await putObject(index, newObject(bucketId, 'k'));
    const request = appendTo(stored, [piece(3)], { size: 4 });
    await expect(index.appendObject(request)).rejects.toThrow();
    expect(await index.findObject(bucketId, 'k')).toEqual(stored);
  });

  it('counts as usage by what it adds, and is bounded by the quota', async () => {
    const { index, bucketId } = tested;
    await index.createUser({ id: 'owner', name: 'ann', isRoot: false, createdAtMs: NOW_MS });
    const stored = await putObject(index, newObject(bucketId, 'k', { segments: [piece(60)] }));
    await index.setQuota({ kind: 'bucket', bucketId }, { sizeBytes: 100, objectCount: 1 });
    expect(await index.appendObject(appendTo(stored, [piece(41)]))).toEqual({
      ...{ outcome: 'quota-exceeded', usedBy: 'bucket', unit: 'bytes' },
      ...{ quota: 100, used: 60, growth: 41 },
    });
    const longer = await append(stored, piece(40));
    expect(await index.findBucketUsage(bucketId)).toEqual({ objectCount: 1, sizeBytes: 100 });
    expect(await index.findUserUsage('owner')).toEqual({ objectCount: 1, sizeBytes: 100 });
    await index.setQuota({ kind: 'bucket', bucketId }, unlimited);
    await append(longer, piece(1));
    await index.deleteObjects(bucketId, ['k']);
    expect(await index.findUserUsage('owner')).toEqual({ objectCount: 0, sizeBytes: 0 });
  });

  it('has the replicas of its files looked for', async () => {
    const { index, bucketId } = tested;
    const [first, second] = [piece(10), piece(4)];
    await append(await putObject(index, newObject(bucketId, 'k', { segments: [first] })), second);
    const checks = await index.listDueReplicaChecks('group1', NOW_MS + 10 * 60_000, 10);
    expect(checks.map(({ fileId }) => fileId).sort()).toEqual([first.fileId, second.fileId].sort());
    expect(checks.every(({ key }) => key === 'k')).toBe(true);
  });
});
