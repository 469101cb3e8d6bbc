import { beforeEach, describe, expect, it } from 'vitest';
import type { RenameObjectRequest } from '../../../src/object-index/write-requests.ts';
import { appendTo } from '../../support/append-request.ts';
import { newFileId, newObject, putObject } from '../../support/new-records.ts';
import {
  DELETE_DELAY_MS,
  indexEngines,
  listAllDue,
  NOW_MS,
  queuedFiles,
  sharedFiles,
  useIndex,
} from '../../support/object-index.ts';

describe.each(indexEngines)('renameObject in $name', ({ open }) => {
  const tested = useIndex(open);
  const piece = (size: number) => ({ fileId: newFileId(), fileOffset: 0, size });
  const rename = (more: Partial<RenameObjectRequest> = {}) =>
    tested.index.renameObject({
      ...{ bucketId: tested.bucketId, sourceKey: 'old', key: 'new', token: null },
      ...more,
    });
  const keys = async () => {
    const rows = await tested.query<{ key: string }>('SELECT key FROM objects ORDER BY key');
    return rows.map(({ key }) => key);
  };

  beforeEach(async () => {
    await tested.index.createUser({ id: 'owner', name: 'ann', isRoot: false, createdAtMs: NOW_MS });
  });

  it('gives the object another key and keeps all the rest', async () => {
    const { index, bucketId } = tested;
    const retention = { mode: 'GOVERNANCE', untilMs: NOW_MS + 1000 } as const;
    const stored = await putObject(
      index,
      newObject(bucketId, 'old', {
        ...{ retention, hasLegalHold: true, tags: { colour: 'red' }, acl: '{"grants":[]}' },
        ...{ headers: { 'content-type': 'x/y' }, userMetadata: { k: 'v' }, ownerId: 'somebody' },
      }),
    );
    const object = { ...stored, key: 'new' };
    expect(await rename()).toEqual({ outcome: 'renamed', object });
    expect(await index.findObject(bucketId, 'new')).toEqual(object);
    expect(await index.findObject(bucketId, 'old')).toBeNull();
    expect(await queuedFiles(tested)).toEqual([]);
  });

  it('keeps segments and parts, and shares nothing', async () => {
    const { index, bucketId } = tested;
    const stored = await putObject(index, newObject(bucketId, 'old', { segments: [piece(10)] }));
    await index.appendObject(appendTo(stored, [piece(4), piece(5)]));
    const segments = await index.listSegments(stored.id, 0, 10);
    const { parts } = await index.listObjectParts(stored.id, 0, 10);
    expect(segments).toHaveLength(3);
    await rename();
    const renamed = await index.findObject(bucketId, 'new');
    expect(renamed).toMatchObject({ id: stored.id, size: 19, partCount: 2 });
    expect(await index.listSegments(stored.id, 0, 10)).toEqual(segments);
    expect((await index.listObjectParts(stored.id, 0, 10)).parts).toEqual(parts);
    expect(await sharedFiles(tested)).toEqual({});
    await index.deleteObjects(bucketId, ['new']);
    const files = segments.map(({ fileId }) => fileId).sort();
    expect(await queuedFiles(tested)).toEqual(files);
  });

  it('replaces what has the new key, whose files go', async () => {
    const { index, bucketId } = tested;
    const stored = await putObject(index, newObject(bucketId, 'old', { size: 7 }));
    const replaced = await putObject(index, newObject(bucketId, 'new', { segments: [piece(3)] }));
    const longer = piece(4);
    await index.appendObject(appendTo(replaced, [longer]));
    expect((await rename()).outcome).toBe('renamed');
    expect(await keys()).toEqual(['new']);
    expect(await index.findObject(bucketId, 'new')).toEqual({ ...stored, key: 'new' });
    expect(await queuedFiles(tested)).toEqual([replaced.fileId ?? '', longer.fileId].sort());
    // Not at once: a read of it may be under way.
    expect(await listAllDue(index, NOW_MS + DELETE_DELAY_MS - 1)).toEqual([]);
    expect(
      await tested.query('SELECT 1 FROM segments UNION ALL SELECT 1 FROM object_parts'),
    ).toEqual([]);
  });

  it('onto a copy of itself leaves one reference to the file', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'old'));
    for (const key of ['new', 'third']) {
      await index.copyObject({
        ...{ source: { bucketId, key: 'old' }, sourceObjectId: source.id, ownerId: 'owner' },
        ...{ destination: { bucketId, key }, lastModifiedMs: NOW_MS, description: null },
      });
    }
    await rename();
    expect(await sharedFiles(tested)).toEqual({ [source.fileId ?? '']: 2 });
    await index.deleteObjects(bucketId, ['third']);
    expect(await queuedFiles(tested)).toEqual([]);
    await index.deleteObjects(bucketId, ['new']);
    expect(await queuedFiles(tested)).toEqual([source.fileId]);
  });

  it.each<[string, Partial<RenameObjectRequest>, string]>([
    ['a missing source', { sourceKey: 'missing' }, 'no-such-source'],
    [
      'a missing source before its conditions',
      { sourceKey: 'missing', sourceCondition: { ifMatch: ['x'] } },
      'no-such-source',
    ],
    ['no such bucket', { bucketId: 999 }, 'no-such-bucket'],
    ['the source matched', { sourceCondition: { ifMatch: ['etag-old'] } }, 'renamed'],
    ['the source not matched', { sourceCondition: { ifMatch: ['x'] } }, 'source-failed'],
    ['the source excluded', { sourceCondition: { ifNoneMatch: ['etag-old'] } }, 'source-failed'],
    ['an older source', { sourceCondition: { ifModifiedSinceMs: NOW_MS } }, 'source-failed'],
    ['a newer source', { sourceCondition: { ifModifiedSinceMs: NOW_MS - 1000 } }, 'renamed'],
    ['a source as old', { sourceCondition: { ifUnmodifiedSinceMs: NOW_MS } }, 'renamed'],
    [
      'a source changed since',
      { sourceCondition: { ifUnmodifiedSinceMs: NOW_MS - 1000 } },
      'source-failed',
    ],
    ['the target matched', { condition: { ifMatch: ['etag-new'] } }, 'renamed'],
    ['the target not matched', { condition: { ifMatch: ['x'] } }, 'precondition-failed'],
    ['no target', { condition: { ifNoneMatch: ['*'] } }, 'precondition-failed'],
    ['a target changed since', { condition: { ifModifiedSinceMs: NOW_MS } }, 'precondition-failed'],
    ['a target as old', { condition: { ifUnmodifiedSinceMs: NOW_MS } }, 'renamed'],
    ['another missing target', { key: 'free', condition: { ifNoneMatch: ['*'] } }, 'renamed'],
    ['a match that is missing', { key: 'free', condition: { ifMatch: ['*'] } }, 'no-such-key'],
    [
      'a date of what is missing',
      { key: 'free', condition: { ifModifiedSinceMs: 0 } },
      'precondition-failed',
    ],
  ])('asked for %s', async (_name, request, outcome) => {
    const { index, bucketId } = tested;
    await putObject(index, newObject(bucketId, 'old'));
    await putObject(index, newObject(bucketId, 'new'));
    expect((await rename(request)).outcome).toBe(outcome);
    const isFree = request.key === 'free';
    const renamed = isFree ? ['free', 'new'] : ['new'];
    expect(await keys()).toEqual(outcome === 'renamed' ? renamed : ['new', 'old']);
    expect(await queuedFiles(tested)).toHaveLength(outcome === 'renamed' && !isFree ? 1 : 0);
  });

  it('is not for buckets that have or had versions', async () => {
    const { index, bucketId } = tested;
    await putObject(index, newObject(bucketId, 'old'));
    for (const state of ['Enabled', 'Suspended'] as const) {
      await index.setBucketVersioning(bucketId, state);
      expect(await rename()).toEqual({ outcome: 'versioned' });
    }
    expect(await keys()).toEqual(['old']);
  });

  it('adds nothing to usage, takes off what it replaces, and no quota forbids it', async () => {
    const { index, bucketId } = tested;
    await putObject(index, newObject(bucketId, 'old', { size: 60 }));
    await putObject(index, newObject(bucketId, 'new', { size: 7 }));
    await index.setQuota({ kind: 'bucket', bucketId }, { sizeBytes: 1, objectCount: 1 });
    await index.setQuota({ kind: 'user', userId: 'owner' }, { sizeBytes: 1, objectCount: 1 });
    expect((await rename()).outcome).toBe('renamed');
    expect(await index.findBucketUsage(bucketId)).toEqual({ objectCount: 1, sizeBytes: 60 });
    expect((await rename({ sourceKey: 'new', key: 'free' })).outcome).toBe('renamed');
    expect(await index.findBucketUsage(bucketId)).toEqual({ objectCount: 1, sizeBytes: 60 });
    expect(await index.findUserUsage('owner')).toEqual({ objectCount: 1, sizeBytes: 60 });
  });

  it('does nothing again for a token that was used, until it is forgotten', async () => {
    const { index, bucketId } = tested;
    const token = { text: 'token', parameters: '[1]' };
    await putObject(index, newObject(bucketId, 'old'));
    expect((await rename({ token })).outcome).toBe('renamed');
    const second = await putObject(index, newObject(bucketId, 'old'));
    expect(await rename({ token })).toEqual({ outcome: 'repeated' });
    expect(await index.findObject(bucketId, 'old')).toEqual(second);
    const other = { ...token, parameters: '[2]' };
    expect(await rename({ token: other })).toEqual({ outcome: 'token-mismatch' });
    await index.forgetCompletedUploads(NOW_MS);
    expect((await rename({ token })).outcome).toBe('repeated');
    await index.forgetCompletedUploads(NOW_MS + 1);
    expect((await rename({ token: other })).outcome).toBe('renamed');
    expect(await keys()).toEqual(['new']);
  });

  it('does not remember the token of one that was refused', async () => {
    const { index, bucketId } = tested;
    const token = { text: 'token', parameters: '[1]' };
    expect((await rename({ token })).outcome).toBe('no-such-source');
    await putObject(index, newObject(bucketId, 'old'));
    expect((await rename({ token })).outcome).toBe('renamed');
  });

  it('has the replicas of new files looked for under the new key', async () => {
    const { index, bucketId } = tested;
    const hourMs = 60 * 60_000;
    const put = (key: string, lastModifiedMs: number) =>
      putObject(index, newObject(bucketId, key, { lastModifiedMs, segments: [piece(5)] }));
    const stored = await put('old', NOW_MS);
    await index.appendObject(appendTo(stored, [piece(4)]));
    await rename();
    await put('ancient', NOW_MS - hourMs);
    await rename({ sourceKey: 'ancient', key: 'renamed' });
    const checks = await index.listDueReplicaChecks('group1', NOW_MS + hourMs, 10);
    expect(checks.map(({ key }) => key).sort()).toEqual(['ancient', 'new', 'new']);
  });
});
