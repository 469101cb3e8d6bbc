import { describe, expect, it } from 'vitest';
import type { NewObject } from '../../../src/object-index/write-requests.ts';
import { newFileId, newObject, putObject } from '../../support/new-records.ts';
import {
  DELETE_DELAY_MS,
  indexEngines,
  listAllDue,
  NOW_MS,
  queuedFiles,
  useIndex,
} from '../../support/object-index.ts';

describe.each(indexEngines)('objects in $name', ({ open, manyRows }) => {
  const tested = useIndex(open);

  it('finds an object as it was put', async () => {
    const { index, bucketId } = tested;
    const object: NewObject = newObject(bucketId, 'cat.jpg', {
      size: 2 ** 42,
      etag: '900150983cd24fb0d6963f7d28e17f72',
      checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: 'AAAAAAAAAAA=' },
      headers: { 'content-type': 'image/jpeg', 'x-amz-storage-class': 'STANDARD_IA' },
      userMetadata: { name: 'M\u00c3\u00bcller "x"\t', __proto__x: 'y' },
      tags: { colour: 'red' },
      acl: '{}',
      retention: { mode: 'GOVERNANCE', untilMs: NOW_MS },
      hasLegalHold: true,
      qetag: 'Fto5o-5ea0sNMlW_75VgGJCv2AcJ',
      expiresAtMs: NOW_MS + 1,
      kodo: { endUser: 'u1', isDisabled: true, transitions: { GLACIER: NOW_MS } },
    });
    const stored = await putObject(index, object);
    const { segments, ...described } = object;
    expect(stored).toEqual({
      ...described,
      id: stored.id,
      versionId: null,
      isDeleteMarker: false,
      partCount: null,
      fileId: segments[0]?.fileId,
    });
    expect(await index.findObject(bucketId, 'cat.jpg')).toEqual(stored);
    expect(await index.findObject(bucketId, 'cat.jp')).toBeNull();
    expect(await index.findObject(bucketId + 1, 'cat.jpg')).toBeNull();
  });

  it.each([
    'a',
    'a/b',
    'a//b',
    '..',
    ' ',
    '+%20%',
    '\u0001\u001f\u007f',
    '\ud7ff\ue000\uffff',
    '\u{10000}\u{1f600}\u{10ffff}',
    'e\u0301 \u00e9',
    "'; DROP TABLE objects; --",
    'x'.repeat(1024),
  ])('keeps the key %j exactly', async (key) => {
    const { index, bucketId } = tested;
    await putObject(index, newObject(bucketId, key));
    expect((await index.findObject(bucketId, key))?.key).toBe(key);
    const { objects } = await index.listObjects({
      bucketId,
      prefix: key,
      delimiter: '',
      after: '',
      limit: 10,
    });
    expect(objects.map((object) => object.key)).toEqual([key]);
    await index.deleteObjects(bucketId, [key]);
    expect(await index.findObject(bucketId, key)).toBeNull();
  });

  it('tells keys apart that differ behind a control character or in case only', async () => {
    const { index, bucketId } = tested;
    const keys = ['a', 'a\u0001', 'a\u0001b', 'a\u0001c', 'A'];
    for (const key of keys) await putObject(index, newObject(bucketId, key, { etag: key }));
    for (const key of keys) expect((await index.findObject(bucketId, key))?.etag).toBe(key);
  });

  it('has no file for an empty object', async () => {
    const { index, bucketId } = tested;
    const stored = await putObject(index, newObject(bucketId, 'empty', { size: 0 }));
    expect(stored).toMatchObject({ size: 0, fileId: null });
    expect(await index.listSegments(stored.id, 0, 10)).toEqual([]);
    await index.deleteObjects(bucketId, ['empty']);
    expect(await queuedFiles(tested)).toEqual([]);
  });

  it('replaces an object and queues its file for later', async () => {
    const { index, bucketId } = tested;
    const first = await putObject(index, newObject(bucketId, 'k'));
    const second = await putObject(index, newObject(bucketId, 'k', { etag: 'new' }));
    expect(second.id).not.toBe(first.id);
    expect(await index.findObject(bucketId, 'k')).toEqual(second);
    expect(await listAllDue(index, NOW_MS + DELETE_DELAY_MS - 1)).toEqual([]);
    expect(await listAllDue(index, NOW_MS + DELETE_DELAY_MS)).toMatchObject([
      { fileId: first.fileId, attempts: 0 },
    ]);
  });

  it('refuses segments that are not as long as the object', async () => {
    const { index, bucketId } = tested;
    const segments = [{ fileId: newFileId(), fileOffset: 0, size: 9 }];
    await expect(
      index.putObject(newObject(bucketId, 'k', { size: 10, segments })),
    ).rejects.toMatchObject({ name: 'IndexError', reason: 'failed', mayBeCommitted: false });
    expect(await index.findObject(bucketId, 'k')).toBeNull();
  });

  it('lets exactly one of many writes with If-None-Match: * through', async () => {
    const { index, bucketId } = tested;
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () =>
        index.putObject(newObject(bucketId, 'k'), { ifNoneMatch: ['*'] }),
      ),
    );
    expect(outcomes.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'precondition-failed')).toHaveLength(19);
    expect(await queuedFiles(tested)).toEqual([]);
  });

  it('changes nothing when a condition fails', async () => {
    const { index, bucketId } = tested;
    const object = await putObject(index, newObject(bucketId, 'k', { etag: 'a' }));
    expect(await index.putObject(newObject(bucketId, 'k'), { ifMatch: ['b'] })).toEqual({
      outcome: 'precondition-failed',
    });
    expect(await index.putObject(newObject(bucketId, 'none'), { ifMatch: ['b'] })).toEqual({
      outcome: 'no-such-key',
    });
    expect(await index.findObject(bucketId, 'k')).toEqual(object);
    expect(await index.findObject(bucketId, 'none')).toBeNull();
    expect(await index.putObject(newObject(bucketId, 'k'), { ifMatch: ['a'] })).toMatchObject({
      outcome: 'stored',
    });
  });

  it('seeks to the segment that holds an offset', async () => {
    const { index, bucketId } = tested;
    const segments = Array.from({ length: 300 }, () => ({
      fileId: newFileId(),
      fileOffset: 0,
      size: 10,
    }));
    const { id, fileId } = await putObject(index, newObject(bucketId, 'large', { segments }));
    expect(fileId).toBeNull();
    const starts = async (from: number, limit: number) =>
      (await index.listSegments(id, from, limit)).map(({ startOffset }) => startOffset);
    expect(await starts(0, 2)).toEqual([0, 10]);
    expect(await starts(9, 1)).toEqual([0]);
    expect(await starts(10, 1)).toEqual([10]);
    expect(await starts(2995, 10)).toEqual([2990]);
    expect(await starts(3000, 10)).toEqual([]);
    const all = await index.listSegments(id, 0, 1000);
    expect(all).toEqual(segments.map((one, i) => ({ ...one, startOffset: i * 10 })));
    await index.deleteObjects(bucketId, ['large']);
    expect(await index.listSegments(id, 0, 1000)).toEqual([]);
    expect(await queuedFiles(tested)).toEqual(segments.map((one) => one.fileId).sort());
  });

  it('deletes many keys at once, ignoring those that do not exist or come twice', async () => {
    const { index, bucketId } = tested;
    const keys = Array.from({ length: Math.min(600, manyRows) }, (_, i) => `k${i}`);
    const stored = await Promise.all(keys.map((key) => putObject(index, newObject(bucketId, key))));
    await putObject(index, newObject(bucketId, 'kept'));
    await index.deleteObjects(bucketId, [...keys, 'missing', 'k1', 'k1']);
    const { objects } = await index.listObjects({
      bucketId,
      prefix: '',
      delimiter: '',
      after: '',
      limit: 1000,
    });
    expect(objects.map(({ key }) => key)).toEqual(['kept']);
    expect(await queuedFiles(tested)).toEqual(stored.map(({ fileId }) => fileId ?? '').sort());
    await index.deleteObjects(bucketId, []);
  });

  it.each([
    [{ ifMatch: ['e'] }, true],
    [{ ifMatch: ['f', 'e'] }, true],
    [{ ifMatch: ['*'] }, true],
    [{ ifMatch: ['f'] }, false],
    [{ ifMatch: [] }, false],
    [{ sizeBytes: 10 }, true],
    [{ sizeBytes: 11 }, false],
    [{ lastModifiedMs: 5_000 }, true],
    [{ lastModifiedMs: 6_000 }, false],
    [{ ifMatch: ['e'], sizeBytes: 11 }, false],
  ])('deletes on the condition %j: %s', async (condition, isDeleted) => {
    const { index, bucketId } = tested;
    await putObject(
      index,
      newObject(bucketId, 'k', { etag: 'e', size: 10, lastModifiedMs: 5_999 }),
    );
    const conditional = [
      { key: 'k', condition },
      { key: 'missing', condition },
    ];
    const results = await index.deleteObjects(bucketId, conditional);
    // A key without object has no ETag to match; its other conditions have nothing to be held against.
    const missing = 'ifMatch' in condition ? 'no-such-key' : 'deleted';
    const outcome = isDeleted ? 'deleted' : 'precondition-failed';
    expect(results.map((result) => result.outcome)).toEqual([outcome, missing]);
    expect((await index.findObject(bucketId, 'k')) === null).toBe(isDeleted);
  });
});
