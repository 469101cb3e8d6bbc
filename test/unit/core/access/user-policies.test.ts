import { describe, expect, it } from 'vitest';
import { Access } from '../../../../src/core/access/access.ts';
import { cannedPolicies } from '../../../../src/core/access/canned-policies.ts';
import {
  attachPolicy,
  detachPolicy,
  listPolicies,
} from '../../../../src/core/access/user-policies.ts';
import { aBucket, aCaller, someFacts } from '../../../support/access-requests.ts';
import { createTestCore } from '../../../support/core-services.ts';

describe('policies of users', () => {
  it('are canned ones or documents, until they are detached', async () => {
    const { index } = await createTestCore();
    const own = '{"Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}';
    await attachPolicy(index, 'alice', 'readonly', null);
    await attachPolicy(index, 'alice', 'mine', own);
    expect(await listPolicies(index, 'alice')).toMatchObject([
      { name: 'mine', document: own },
      { name: 'readonly', document: cannedPolicies.get('readonly') },
    ]);
    await detachPolicy(index, 'alice', 'mine');
    expect(await listPolicies(index, 'alice')).toHaveLength(1);
    await expect(detachPolicy(index, 'alice', 'mine')).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
  });

  it.each([
    ['nobody', 'readonly', null, 'NoSuchEntity'],
    ['alice', 'readOnly', null, 'NoSuchEntity'],
    ['alice', 'two words', '{}', 'InvalidArgument'],
    ['alice', 'mine', '{}', 'MalformedPolicy'],
    ['root', 'readonly', null, 'InvalidArgument'],
  ])('%s, %s, %s is %s', async (user, name, document, code) => {
    const { index } = await createTestCore();
    await expect(attachPolicy(index, user, name, document)).rejects.toMatchObject({ code });
  });
});

describe.each([...cannedPolicies.keys()])('%s', (name) => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    's3:GetObject': ['readonly', 'readwrite'],
    's3:ListBucket': ['readonly', 'readwrite'],
    's3:PutObject': ['readwrite', 'writeonly'],
    's3:AbortMultipartUpload': ['readwrite', 'writeonly'],
    's3:DeleteObject': ['readwrite'],
    's3:PutBucketPolicy': ['readwrite'],
  };

  it.each(Object.entries(expected))('%s is allowed by %j', (action, allowing) => {
    const policies = [{ name, document: cannedPolicies.get(name) ?? '' }];
    const access = new Access(aCaller('alice', { policies }), someFacts());
    const isOfObject = action.endsWith('Object') || action.endsWith('Upload');
    const target = { bucket: aBucket(), ...(isOfObject && { key: 'cat.jpg' }) };
    expect(access.allows(action, target)).toBe(allowing.includes(name));
  });
});
