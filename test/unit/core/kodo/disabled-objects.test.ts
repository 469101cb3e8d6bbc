import { afterEach, beforeEach, expect, it } from 'vitest';
import { Access } from '../../../../src/core/access/access.ts';
import { copyObject } from '../../../../src/core/copy-object.ts';
import { getObject, headObject } from '../../../../src/core/get-object.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { put } from '../../../support/put-objects.ts';

let core: TestCore;
beforeEach(async () => {
  core = await createTestCore();
  await put(core, { key: 'a', subresources: { kodo: { isDisabled: true } } });
});
afterEach(() => core.index.close());

const wanted = () => ({
  ...{ bucket: core.bucket, key: 'a', versionId: null, conditions: {} },
  ...{ range: null, partNumber: null },
});

it('no door gives the bytes of a disabled object', async () => {
  const { signal } = new AbortController();
  const refused = { code: 'AccessDenied', message: 'The file is disabled.' };
  await expect(headObject(core, wanted())).rejects.toMatchObject(refused);
  await expect(getObject(core, wanted(), signal)).rejects.toMatchObject(refused);
});

it('nor does a copy by S3, which would be enabled', async () => {
  const facts = {
    ...{ sourceIp: null, isSecure: true, nowMs: 0 },
    ...{ headers: { get: () => null }, query: { get: () => null } },
  };
  const copied = copyObject(core, {
    source: { bucketName: 'photos', key: 'a', versionId: null, conditions: {} },
    ...{ bucket: core.bucket, key: 'b', access: new Access(core.alice, facts) },
    metadataDirective: 'COPY',
    description: { headers: {}, userMetadata: {} },
  });
  await expect(copied).rejects.toMatchObject({ code: 'AccessDenied' });
});
