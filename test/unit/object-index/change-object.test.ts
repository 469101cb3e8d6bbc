import { describe, expect, it } from 'vitest';
import type { Retention } from '../../../src/object-index/records.ts';
import { newObject, putObject } from '../../support/new-records.ts';
import { indexEngines, NOW_MS, useIndex } from '../../support/object-index.ts';

const later = NOW_MS + 60_000;
const muchLater = NOW_MS + 120_000;
const governance = (untilMs: number): Retention => ({ mode: 'GOVERNANCE', untilMs });
const compliance = (untilMs: number): Retention => ({ mode: 'COMPLIANCE', untilMs });

describe.each(indexEngines)('changing an object in $name', ({ open }) => {
  const tested = useIndex(open);

  it('changes what it is told to and keeps the rest', async () => {
    const { index, bucketId } = tested;
    const stored = await putObject(index, newObject(bucketId, 'k', { acl: '{}' }));
    const tagged = { ...stored, tags: { colour: 'red' } };
    const request = { bucketId, key: 'k', versionId: null };
    expect(await index.changeObject({ ...request, change: { tags: { colour: 'red' } } })).toEqual({
      outcome: 'changed',
      object: tagged,
    });
    expect(await index.findObject(bucketId, 'k')).toEqual(tagged);
    await index.changeObject({ ...request, versionId: 'null', change: { tags: null } });
    await index.changeObject({ ...request, change: { hasLegalHold: true, acl: null } });
    expect(await index.findObject(bucketId, 'k')).toEqual({
      ...stored,
      acl: null,
      hasLegalHold: true,
    });
  });

  it('changes nothing where something is not as expected', async () => {
    const { index, bucketId } = tested;
    const attributes = { userMetadata: { a: '1' }, kodo: { endUser: 'u1' } };
    const { headers, ...stored } = await putObject(index, newObject(bucketId, 'k', attributes));
    const request = { bucketId, key: 'k', versionId: null, change: { userMetadata: { a: '2' } } };
    for (const expected of [{ etag: 'x' }, { userMetadata: {} }, { kodo: null }]) {
      expect(await index.changeObject({ ...request, expected })).toEqual({ outcome: 'replaced' });
    }
    expect(await index.findObject(bucketId, 'k')).toEqual({ ...stored, headers });
    const { etag, userMetadata, kodo } = stored;
    const changed = await index.changeObject({
      ...request,
      expected: { etag, headers, userMetadata, kodo, expiresAtMs: null },
    });
    expect(changed).toMatchObject({ outcome: 'changed', object: { userMetadata: { a: '2' } } });
  });

  it('finds neither other keys nor other versions', async () => {
    const { index, bucketId } = tested;
    await putObject(index, newObject(bucketId, 'k'));
    const change = { hasLegalHold: true };
    for (const [key, versionId] of [
      ['l', null],
      ['k', 'x'.repeat(32)],
    ] as const) {
      expect(await index.changeObject({ bucketId, key, versionId, change })).toEqual({
        outcome: 'no-such-object',
      });
    }
    expect(await index.findObject(bucketId, 'k')).toMatchObject({ hasLegalHold: null });
  });

  it('finds each version by its id, the null version wherever it lies', async () => {
    const { index, bucketId, execute } = tested;
    for (const id of ['first', 'null', 'third']) {
      await putObject(index, newObject(bucketId, 'k', { etag: id }));
      await execute('UPDATE objects SET version_id = ? WHERE key = ?', id, `k`);
      await execute('UPDATE objects SET key = ? WHERE key = ?', id, `k`);
    }
    await execute(`UPDATE objects SET key = 'k' WHERE bucket_id = ?`, bucketId);
    const change = { tags: { changed: 'yes' } };
    await index.changeObject({ bucketId, key: 'k', versionId: 'null', change });
    const rows = await tested.query('SELECT etag FROM objects WHERE tags IS NOT NULL');
    expect(rows).toEqual([{ etag: 'null' }]);
    expect(
      await index.changeObject({ bucketId, key: 'k', versionId: 'first', change }),
    ).toMatchObject({ outcome: 'changed', object: { etag: 'first' } });
    expect(await index.changeObject({ bucketId, key: 'k', versionId: null, change })).toMatchObject(
      {
        outcome: 'changed',
        object: { etag: 'third' },
      },
    );
  });

  it('leaves delete markers alone', async () => {
    const { index, bucketId, execute } = tested;
    await putObject(index, newObject(bucketId, 'k'));
    await execute('UPDATE objects SET is_delete_marker = 1 WHERE bucket_id = ?', bucketId);
    expect(
      await index.changeObject({
        bucketId,
        key: 'k',
        versionId: null,
        change: { tags: { a: 'b' } },
      }),
    ).toEqual({ outcome: 'delete-marker' });
  });

  it.each<[string, Retention | null, Retention | null, { anyone: boolean; bypass: boolean }]>([
    ['none to any', null, compliance(later), { anyone: true, bypass: true }],
    ['ended to none', compliance(NOW_MS), null, { anyone: true, bypass: true }],
    ['longer GOVERNANCE', governance(later), governance(muchLater), { anyone: true, bypass: true }],
    ['as long', governance(later), governance(later), { anyone: true, bypass: true }],
    ['shorter', governance(muchLater), governance(later), { anyone: false, bypass: true }],
    ['none', governance(later), null, { anyone: false, bypass: true }],
    ['COMPLIANCE', governance(later), compliance(muchLater), { anyone: false, bypass: true }],
    ['longer', compliance(later), compliance(muchLater), { anyone: true, bypass: true }],
    [
      'shorter COMPLIANCE',
      compliance(muchLater),
      compliance(later),
      { anyone: false, bypass: false },
    ],
    ['COMPLIANCE to none', compliance(later), null, { anyone: false, bypass: false }],
    ['weaker mode', compliance(later), governance(muchLater), { anyone: false, bypass: false }],
  ])('%s', async (_name, retention, next, expected) => {
    const { index, bucketId } = tested;
    for (const bypassesGovernance of [false, true]) {
      await putObject(index, newObject(bucketId, 'k', { retention }));
      const { outcome } = await index.changeObject({
        bucketId,
        key: 'k',
        versionId: null,
        change: { retention: next },
        bypassesGovernance,
      });
      const isAllowed = bypassesGovernance ? expected.bypass : expected.anyone;
      expect(outcome).toBe(isAllowed ? 'changed' : 'locked');
      const found = await index.findObject(bucketId, 'k');
      expect(found?.retention).toEqual(isAllowed ? next : retention);
    }
  });

  it('changes tags and legal hold of a retained version', async () => {
    const { index, bucketId } = tested;
    const retention = compliance(later);
    await putObject(index, newObject(bucketId, 'k', { retention, hasLegalHold: true }));
    const request = { bucketId, key: 'k', versionId: null };
    await index.changeObject({ ...request, change: { tags: { a: 'b' }, hasLegalHold: false } });
    expect(await index.findObject(bucketId, 'k')).toMatchObject({
      tags: { a: 'b' },
      retention,
      hasLegalHold: false,
    });
  });
});
