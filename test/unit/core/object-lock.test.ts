import { describe, expect, it } from 'vitest';
import {
  defaultRetention,
  putObjectLock,
  retentionByDefault,
  withDefaultRetention,
} from '../../../src/core/object-lock.ts';
import { createTestCore } from '../../support/core-services.ts';

describe('putObjectLock', () => {
  it('needs versioning, and keeps it', async () => {
    const core = await createTestCore();
    await expect(putObjectLock(core, core.bucket, null)).rejects.toMatchObject({
      code: 'InvalidBucketState',
    });
    expect(await core.index.findBucket('photos')).toMatchObject({ hasObjectLock: false });
    await core.index.setBucketVersioning(core.bucket.id, 'Enabled');
    await putObjectLock(core, core.bucket, null);
    expect(await core.index.findBucket('photos')).toMatchObject({ hasObjectLock: true });
    expect(await core.index.setBucketVersioning(core.bucket.id, 'Suspended')).toBe(
      'has-object-lock',
    );
  });

  it('sets and removes the default retention', async () => {
    const core = await createTestCore();
    await core.index.setBucketVersioning(core.bucket.id, 'Enabled');
    const retention = { mode: 'GOVERNANCE', period: { days: 3 } } as const;
    await putObjectLock(core, core.bucket, retention);
    const found = await core.index.findBucket('photos');
    expect(found && defaultRetention.of(found)).toEqual(retention);
    await putObjectLock(core, core.bucket, null);
    expect(await core.index.findBucket('photos')).toMatchObject({
      hasObjectLock: true,
      settings: {},
    });
  });
});

describe('retentionByDefault', () => {
  const bucket = (value: string | null, hasObjectLock = true) => ({
    ...{ id: 1, name: 'photos', ownerId: 'owner', locationConstraint: null, createdAtMs: 0 },
    ...{ versioning: 'Enabled' as const, hasObjectLock, isQuotaBound: false },
    quota: { sizeBytes: null, objectCount: null },
    settings: value === null ? {} : { objectLock: value },
  });
  const leapDay = Date.UTC(2024, 1, 29, 12);
  const days = '{"mode":"GOVERNANCE","period":{"days":2}}';
  const years = '{"mode":"COMPLIANCE","period":{"years":4}}';

  it('counts days and calendar years from the write', () => {
    expect(retentionByDefault(bucket(days), leapDay)).toEqual({
      mode: 'GOVERNANCE',
      untilMs: Date.UTC(2024, 2, 2, 12),
    });
    expect(retentionByDefault(bucket(years), leapDay)).toEqual({
      mode: 'COMPLIANCE',
      untilMs: Date.UTC(2028, 1, 29, 12),
    });
  });

  it('is none without the setting or the lock', () => {
    expect(retentionByDefault(bucket(null), leapDay)).toBeNull();
    expect(retentionByDefault(bucket(days, false), leapDay)).toBeNull();
  });

  it('stands back where the object brings its own', () => {
    const retention = { mode: 'COMPLIANCE', untilMs: leapDay + 1 } as const;
    expect(withDefaultRetention(bucket(days), { retention, tags: null }, leapDay)).toEqual({
      retention,
      tags: null,
    });
    expect(withDefaultRetention(bucket(days), { hasLegalHold: true }, leapDay)).toEqual({
      hasLegalHold: true,
      retention: { mode: 'GOVERNANCE', untilMs: Date.UTC(2024, 2, 2, 12) },
    });
    expect(withDefaultRetention(bucket(null), undefined, leapDay)).toEqual({});
  });
});
