import { describe, expect, it } from 'vitest';
import type { ObjectSubresources } from '../../../src/object-index/records.ts';
import { newObject, putObject } from '../../support/new-records.ts';
import { indexEngines, NOW_MS, queuedFiles, useIndex } from '../../support/object-index.ts';

const later = NOW_MS + 1;
const locks: [string, Partial<ObjectSubresources>, { bypassed: boolean }][] = [
  ['legal hold', { hasLegalHold: true }, { bypassed: false }],
  ['GOVERNANCE', { retention: { mode: 'GOVERNANCE', untilMs: later } }, { bypassed: true }],
  ['COMPLIANCE', { retention: { mode: 'COMPLIANCE', untilMs: later } }, { bypassed: false }],
];

describe.each(indexEngines)('locked versions in $name', ({ open }) => {
  const tested = useIndex(open);

  async function lockedBucket(): Promise<void> {
    await tested.index.setBucketVersioning(tested.bucketId, 'Enabled');
    expect(await tested.index.setObjectLock(tested.bucketId, 'objectLock', null)).toBe('stored');
  }

  it.each(locks)('by %s stay when they are deleted by id', async (_name, lock, { bypassed }) => {
    await lockedBucket();
    const { index, bucketId } = tested;
    for (const bypassesGovernance of [false, true]) {
      const { versionId } = await putObject(index, newObject(bucketId, 'k', lock));
      const deletion = { key: 'k', versionId, bypassesGovernance };
      const [result] = await index.deleteObjects(bucketId, [deletion]);
      const isKept = !(bypassesGovernance && bypassed);
      expect(result?.outcome).toBe(isKept ? 'locked' : 'deleted');
      expect((await index.findObject(bucketId, 'k', versionId)) !== null).toBe(isKept);
    }
    expect(await queuedFiles(tested)).toHaveLength(bypassed ? 1 : 0);
  });

  it.each(locks)('by %s stay under whatever is written', async (_name, lock) => {
    await lockedBucket();
    const { index, bucketId } = tested;
    const locked = await putObject(index, newObject(bucketId, 'k', lock));
    await putObject(index, newObject(bucketId, 'k'));
    await index.deleteObjects(bucketId, ['k']);
    const other = await putObject(index, newObject(bucketId, 'other'));
    await index.copyObject({
      source: { bucketId, key: 'other' },
      sourceObjectId: other.id,
      destination: { bucketId, key: 'k' },
      ownerId: 'owner',
      lastModifiedMs: NOW_MS,
      description: null,
    });
    expect(await index.findObject(bucketId, 'k', locked.versionId)).toEqual(locked);
    expect(await queuedFiles(tested)).toEqual([]);
  });

  it.each(locks)('by %s stay as the null version', async (_name, lock) => {
    const { index, bucketId } = tested;
    await putObject(index, newObject(bucketId, 'k'));
    await lockedBucket();
    await index.changeObject({ bucketId, key: 'k', versionId: 'null', change: lock });
    expect(await index.setBucketVersioning(bucketId, 'Suspended')).toBe('has-object-lock');
    await putObject(index, newObject(bucketId, 'k'));
    const [result] = await index.deleteObjects(bucketId, [{ key: 'k', versionId: 'null' }]);
    expect(result?.outcome).toBe('locked');
    expect(await index.findObject(bucketId, 'k', 'null')).toMatchObject(lock);
  });

  it('are locked before they are deleted, or deleted before they are locked', async () => {
    await lockedBucket();
    const { index, bucketId } = tested;
    for (let round = 0; round < 20; round += 1) {
      const { versionId } = await putObject(index, newObject(bucketId, 'k'));
      const change = { hasLegalHold: true };
      const lock = () => index.changeObject({ bucketId, key: 'k', versionId, change });
      const drop = () => index.deleteObjects(bucketId, [{ key: 'k', versionId }]);
      const [locked, [dropped]] =
        round % 2 === 0
          ? await Promise.all([lock(), drop()])
          : await Promise.all([drop(), lock()]).then(([second, first]) => [first, second] as const);
      const isThere = (await index.findObject(bucketId, 'k', versionId)) !== null;
      expect([locked.outcome, dropped?.outcome]).toEqual(
        isThere ? ['changed', 'locked'] : ['no-such-object', 'deleted'],
      );
    }
  });

  it('need a bucket with versions', async () => {
    const { index, bucketId } = tested;
    expect(await index.setObjectLock(bucketId, 'objectLock', '{}')).toBe('not-versioned');
    await index.setBucketVersioning(bucketId, 'Suspended');
    expect(await index.setObjectLock(bucketId, 'objectLock', '{}')).toBe('not-versioned');
    expect(await index.setObjectLock(bucketId + 1, 'objectLock', '{}')).toBe('no-such-bucket');
    expect(await index.findBucket('photos')).toMatchObject({ hasObjectLock: false, settings: {} });
  });
});
