import { describe, expect, it } from 'vitest';
import { newVersionId, objectIdOfVersion } from '../../../src/object-index/version-ids.ts';

describe('version ids', () => {
  it.each([0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER])('hide the number %d and give it back', (id) => {
    const versionId = newVersionId(id);
    expect(versionId).toMatch(/^[A-Za-z0-9._]{32}$/);
    expect(newVersionId(id)).not.toBe(versionId);
    expect(objectIdOfVersion(versionId)).toBe(id);
  });

  it.each(['', 'null', 'v1', `-${'a'.repeat(31)}`, 'ü'.repeat(32)])('%j has none', (text) => {
    expect(objectIdOfVersion(text)).toBeNull();
  });
});
