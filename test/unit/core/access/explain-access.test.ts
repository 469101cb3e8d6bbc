import { describe, expect, it } from 'vitest';
import { anonymousCaller } from '../../../../src/core/access/anonymous.ts';
import { explainAccess } from '../../../../src/core/access/explain-access.ts';
import type { Caller } from '../../../../src/core/services.ts';
import { aBucket, aCaller } from '../../../support/access-requests.ts';
import { createTestCore } from '../../../support/core-services.ts';

const statements = [
  { Sid: 'read', Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' },
  {
    ...{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' },
    Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
  },
];
const policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
const readonly = {
  name: 'mine',
  document: '{"Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}',
};

async function explain(
  caller: Caller,
  action: string,
  {
    sourceIp = '10.0.0.1',
    settings = { policy },
  }: { sourceIp?: string; settings?: Readonly<Record<string, string>> } = {},
) {
  const core = await createTestCore();
  return await explainAccess(core, caller, action, {
    ...{ bucket: aBucket({ settings }), key: 'cat.jpg' },
    conditions: { 'aws:sourceip': [sourceIp] },
  });
}

describe('what decides', () => {
  const bob = aCaller('bob');
  const bounded = { ...bob, policies: [readonly] };
  const restricted = {
    policy: JSON.stringify({ Version: '2012-10-17', Statement: [statements[0]] }),
    publicAccessBlock: '{"restrictPublicBuckets":true}',
  };

  it.each([
    [bob, 's3:GetObject', {}, 'allowed', "Statement 1 (read) of the bucket's policy allows it."],
    [
      bob,
      's3:GetObject',
      { sourceIp: '8.8.8.8' },
      'denied',
      "Statement 2 of the bucket's policy denies it.",
    ],
    [
      bob,
      's3:PutObject',
      {},
      'denied',
      'Neither the policy of the bucket nor ownership nor an ACL allows it.',
    ],
    [
      bounded,
      's3:PutObject',
      {},
      'denied',
      'The policies of user bob bound it, and none allows this.',
    ],
    [
      anonymousCaller,
      's3:GetObject',
      {},
      'allowed',
      "Statement 1 (read) of the bucket's policy allows it.",
    ],
    [aCaller('alice'), 's3:PutObject', {}, 'allowed', 'User alice owns the bucket.'],
    [
      aCaller('root', { isRoot: true }),
      's3:PutObject',
      {},
      'allowed',
      'The root user may do everything that no statement denies.',
    ],
    [
      bob,
      's3:GetObject',
      { settings: restricted },
      'denied',
      'RestrictPublicBuckets keeps the public policy of the bucket from allowing it.',
    ],
  ])('%# %s', async (caller, action, others, verdict, reason) => {
    expect(await explain(caller, action, others)).toMatchObject({ verdict, reason });
  });

  it('may be that there is no object whose owner could be asked', async () => {
    const settings = { ownershipControls: 'ObjectWriter' };
    expect(await explain(aCaller('alice'), 's3:GetObject', { settings })).toMatchObject({
      verdict: 'denied',
      reason: 'There is no such object whose owner or ACL could allow it.',
    });
  });

  it('comes with every statement that speaks of it', async () => {
    const { statements: told, resource } = await explain(bounded, 's3:GetObject', {
      sourceIp: '8.8.8.8',
    });
    expect(resource).toBe('arn:aws:s3:::photos/cat.jpg');
    expect(told).toEqual([
      { policy: 'mine', isOfBucket: false, number: 1, sid: null, effect: 'Allow' },
      { policy: 'bucket', isOfBucket: true, number: 1, sid: 'read', effect: 'Allow' },
      { policy: 'bucket', isOfBucket: true, number: 2, sid: null, effect: 'Deny' },
    ]);
  });
});
