import { describe, expect, it, vi } from 'vitest';
import type { GroupState } from '../../../src/blob-store/blob-store.ts';
import { createUpload } from '../../../src/core/multipart/create-upload.ts';
import { uploadPart } from '../../../src/core/multipart/upload-part.ts';
import { groupNameOf, warnOfUnknownGroups } from '../../../src/core/placement.ts';
import { putObject } from '../../../src/core/put-object.ts';
import { createTestCore } from '../../support/core-services.ts';
import { incomingContent } from '../../support/incoming-content.ts';

const mapped = {
  locationGroups: { eu: 'group1' },
  storageClassGroups: { STANDARD_IA: 'group2' },
};
const mappings = {
  locationGroups: new Map(Object.entries(mapped.locationGroups)),
  storageClassGroups: new Map(Object.entries(mapped.storageClassGroups)),
};
const { signal } = new AbortController();

describe('the group of an object', () => {
  it.each([
    ['eu', undefined, 'group1'],
    ['eu', 'STANDARD_IA', 'group2'],
    ['eu', 'GLACIER', 'group1'],
    [null, 'STANDARD_IA', 'group2'],
    ['mars', undefined, null],
    [null, undefined, null],
  ])('location %s, storage class %s: %s', (locationConstraint, storageClass, expected) => {
    const bucket = { locationConstraint };
    const headers = storageClass ? { 'x-amz-storage-class': storageClass } : {};
    expect(groupNameOf(mappings, bucket, { headers, userMetadata: {} })).toBe(expected);
  });
});

it.each([
  [['group1'], ['group2']],
  [['group1', 'group2'], null],
  // No tracker has told of any yet.
  [[], null],
])('of the groups %j a cluster has, %j is missed in the log', async (names, missed) => {
  const core = await createTestCore(mapped);
  const warn = vi.spyOn(core.logger, 'warn');
  const groups = names.map((groupName) => ({ groupName }) as GroupState);
  vi.spyOn(core.blobs, 'clusterState').mockResolvedValue({ trackers: [], groups });
  await warnOfUnknownGroups(core);
  expect(warn.mock.calls.map(([facts]) => facts)).toEqual(missed ? [{ groups: missed }] : []);
});

it('reaches the blob store with objects and with parts, whose upload tells the class', async () => {
  const core = await createTestCore({ storageClassGroups: { STANDARD_IA: 'group2' } });
  const { bucket, alice: caller } = core;
  const content = () => incomingContent(Buffer.alloc(2000));
  const description = { headers: { 'x-amz-storage-class': 'STANDARD_IA' }, userMetadata: {} };
  await putObject(core, { bucket, key: 'a', caller, description, content: content(), signal });
  const { uploadId } = await createUpload(core, {
    bucket,
    key: 'b',
    caller,
    description,
    checksumAlgorithm: null,
    checksumType: null,
  });
  const part = { bucket, key: 'b', uploadId, partNumber: 1, signal };
  await uploadPart(core, { ...part, content: content() });
  const plain = { headers: {}, userMetadata: {} };
  await putObject(core, {
    bucket,
    key: 'c',
    caller,
    description: plain,
    content: content(),
    signal,
  });
  expect(core.blobs.groupNames).toEqual(['group2', 'group2', null]);
});
