import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { updateKey } from '../../../src/cli/access-keys.ts';
import type { CommandContext } from '../../../src/cli/command.ts';
import {
  attachUserPolicy,
  checkPolicy,
  detachUserPolicy,
  explainPolicy,
  listUserPolicies,
  showUserPolicy,
} from '../../../src/cli/policies.ts';
import { AccessKeys } from '../../../src/core/access-keys.ts';
import { SecretBox } from '../../../src/core/secrets.ts';
import { createTestCore } from '../../support/core-services.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

let directory: string;
let context: CommandContext;

beforeEach(async () => {
  directory = temporaryDirectory();
  const core = await createTestCore();
  const secrets = new SecretBox(Buffer.alloc(32, 1));
  const accessKeys = new AccessKeys({ index: core.index, secrets, now: Date.now });
  await accessKeys.addKey('alice', { accessKeyId: 'KEY', secretAccessKey: 'secret-of-alice' });
  context = { services: { core, accessKeys } } as unknown as CommandContext;
});

function file(text: string): string {
  const path = join(directory, 'policy.json');
  writeFileSync(path, text);
  return path;
}

const own = '{"Statement":{"Sid":"cats","Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}';

describe('policies of users', () => {
  it('are attached, shown and detached', async () => {
    await attachUserPolicy(context, 'alice', 'readonly', {});
    await attachUserPolicy(context, 'alice', 'own', { file: file(own) });
    expect((await listUserPolicies(context, 'alice')).json).toMatchObject([
      { name: 'own' },
      { name: 'readonly' },
    ]);
    expect((await showUserPolicy(context, 'alice', 'own')).json).toEqual(JSON.parse(own));
    const { json } = await detachUserPolicy(context, 'alice', 'own');
    expect(json).toEqual({ user: 'alice', detached: 'own', left: 1 });
    await expect(showUserPolicy(context, 'alice', 'own')).rejects.toMatchObject({
      code: 'NoSuchEntity',
    });
  });

  it('explain what a user may do', async () => {
    await attachUserPolicy(context, 'alice', 'own', { file: file(own) });
    const { index } = context.services.core;
    const { id = 0 } = (await index.findBucket('photos')) ?? {};
    await index.setBucketSetting(id, 'ownershipControls', 'BucketOwnerEnforced');
    const explain = (action: string, resource: string, condition: string[] = []) =>
      explainPolicy(context, 'alice', action, resource, { condition });
    expect((await explain('s3:GetObject', 'photos/cat.jpg')).text).toBe(
      'allowed: User alice owns the bucket.\n\nPOLICY  STATEMENT  SID   EFFECT\nown             1  cats  Allow',
    );
    expect((await explain('s3:PutObject', 'arn:aws:s3:::photos/cat.jpg')).json).toMatchObject({
      verdict: 'denied',
      resource: 'arn:aws:s3:::photos/cat.jpg',
    });
    await expect(explain('s3:Get', 'photos')).rejects.toThrow('s3:Get is no action of S3.');
    await expect(explain('s3:GetObject', 'videos')).rejects.toMatchObject({ code: 'NoSuchBucket' });
    await expect(explain('s3:GetObject', 'photos', ['aws:Weather=rain'])).rejects.toThrow(
      'condition key',
    );
  });
});

describe('policy check', () => {
  it('says what is wrong with a file', async () => {
    const { config } = context;
    expect((await checkPolicy(config, file(own))).json).toEqual({
      kind: 'identity',
      statements: 1,
    });
    await expect(checkPolicy(config, file('{"Statement":[]}'))).rejects.toMatchObject({
      code: 'MalformedPolicy',
    });
    await expect(checkPolicy(config, join(directory, 'none'))).rejects.toThrow('ENOENT');
  });
});

describe('key update', () => {
  it.each([
    [{ inactive: true }, { status: 'inactive', expiresAt: null }],
    [{ expires: '2099-01-31' }, { status: 'active', expiresAt: '2099-01-31T00:00:00.000Z' }],
    [
      { expires: '2001-01-31T12:00Z' },
      { status: 'expired', expiresAt: '2001-01-31T12:00:00.000Z' },
    ],
    [
      { active: true, expires: 'never' },
      { status: 'active', expiresAt: null },
    ],
  ])('with %j', async (options, outcome) => {
    expect((await updateKey(context, 'KEY', options)).json).toMatchObject(outcome);
  });

  it.each([{}, { active: true, inactive: true }, { expires: 'soon' }, { expires: '2026-02-31x' }])(
    'refuses %j',
    async (options) => {
      await expect(updateKey(context, 'KEY', options)).rejects.toMatchObject({
        name: 'UsageError',
      });
    },
  );
});
