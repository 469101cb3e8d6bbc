import { beforeEach, describe, expect, it } from 'vitest';
import type { ObjectIndex } from '../../../../src/object-index/object-index.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

const publicly = { 'x-amz-acl': 'public-read' };
let core: TestCore;
let faults: Partial<ObjectIndex>;

beforeEach(async () => {
  faults = {};
  core = await createTestCore({ indexFaults: faults });
  await send(core, 'PUT /photos/cat', { body: 'open', headers: publicly });
  await core.index.createBucket({
    ...{ name: 'bobs', ownerId: core.bob.userId, locationConstraint: null, createdAtMs: 0 },
  });
});

/** Puts a private object in the place of the public one behind the first look at that. */
async function replaceAfterFirstLook(): Promise<void> {
  const [bucketId, key] = [core.bucket.id, 'cat'];
  const open = await core.index.findObject(bucketId, key);
  await send(core, 'PUT /photos/cat', { body: 'secret' });
  const closed = await core.index.findObject(bucketId, key);
  const looks = [open];
  faults.findObject = async (ofBucket, ofKey) =>
    ofBucket === bucketId && ofKey === key ? (looks.shift() ?? closed) : null;
}

describe('an object that is replaced by a private one while a request is decided', () => {
  it.each([
    ['GET /photos/cat', {}],
    ['HEAD /photos/cat', {}],
    ['PUT /bobs/copy', { 'x-amz-copy-source': 'photos/cat' }],
  ])('%s with %j by another user is refused', async (line, headers) => {
    const { status } = await send(core, line, { headers, caller: core.bob });
    expect(status).toBe(200);
    await replaceAfterFirstLook();
    const refused = await send(core, line, { headers, caller: core.bob });
    expect([refused.status, refused.code, refused.text]).toEqual([403, 'AccessDenied', '']);
  });
});
