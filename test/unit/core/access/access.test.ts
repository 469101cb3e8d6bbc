import { describe, expect, it } from 'vitest';
import { Access } from '../../../../src/core/access/access.ts';
import type { AccessTarget } from '../../../../src/core/access/access-request.ts';
import { anonymousCaller } from '../../../../src/core/access/anonymous.ts';
import type { Caller } from '../../../../src/core/services.ts';
import type { Bucket } from '../../../../src/object-index/records.ts';
import { aBucket, aCaller, someFacts } from '../../../support/access-requests.ts';

const alice = aCaller('alice');
const bob = aCaller('bob');
const root = aCaller('root', { isRoot: true });

const everyone = { Effect: 'Allow', Principal: '*' };
const objects = 'arn:aws:s3:::photos/*';

function withPolicy(...statements: readonly unknown[]): Bucket {
  return aBucket({
    settings: { policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) },
  });
}

function bound(caller: Caller, ...statements: readonly unknown[]): Caller {
  const document = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  return { ...caller, policies: [{ name: 'bound', document }] };
}

function decide(caller: Caller, action: string, target: AccessTarget) {
  return new Access(caller, someFacts()).decide(action, target);
}

const get = (caller: Caller, bucket: Bucket, target: Partial<AccessTarget> = {}) =>
  decide(caller, 's3:GetObject', { bucket, key: 'cat.jpg', ...target });

describe('without policies', () => {
  it.each([
    ['the owner', alice, 'allowed'],
    ['root', root, 'allowed'],
    ['another user', bob, 'denied'],
    ['who did not sign', anonymousCaller, 'denied'],
  ])('%s is told: %s', (_name, caller, verdict) => {
    expect(decide(caller, 's3:PutObject', { bucket: aBucket(), key: 'cat.jpg' })).toBe(verdict);
  });

  it('users may create buckets, who did not sign may not', () => {
    expect(decide(bob, 's3:CreateBucket', { bucket: null })).toBe('allowed');
    expect(decide(anonymousCaller, 's3:CreateBucket', { bucket: null })).toBe('denied');
  });
});

describe('a bucket policy', () => {
  it('lets others do what it allows, and nothing else', () => {
    const bucket = withPolicy({ ...everyone, Action: 's3:GetObject', Resource: objects });
    expect(get(bob, bucket)).toBe('allowed');
    expect(get(anonymousCaller, bucket)).toBe('allowed');
    expect(decide(bob, 's3:PutObject', { bucket, key: 'cat.jpg' })).toBe('denied');
  });

  it('forbids the owner and root what it denies, whatever else it allows', () => {
    const bucket = withPolicy(
      { ...everyone, Action: 's3:*', Resource: objects },
      { ...everyone, Effect: 'Deny', Action: 's3:GetObject', Resource: objects },
    );
    expect([alice, root, bob].map((caller) => get(caller, bucket))).toEqual([
      'denied',
      'denied',
      'denied',
    ]);
  });

  it('cannot lock the owner and root out of the policy itself', () => {
    const bucket = withPolicy({ ...everyone, Effect: 'Deny', Action: '*', Resource: '*' });
    for (const action of ['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy']) {
      expect(decide(alice, action, { bucket })).toBe('allowed');
      expect(decide(root, action, { bucket })).toBe('allowed');
      expect(decide(bob, action, { bucket })).toBe('denied');
    }
    expect(decide(alice, 's3:ListBucket', { bucket })).toBe('denied');
  });

  it('that nobody can read any more forbids everything but to replace it', () => {
    const bucket = aBucket({ settings: { policy: '{"Version":"2099-01-01"}' } });
    expect(get(alice, bucket)).toBe('denied');
    expect(decide(alice, 's3:PutBucketPolicy', { bucket })).toBe('allowed');
  });
});

describe("a user's own policies", () => {
  const readsOnly = { Effect: 'Allow', Action: 's3:Get*', Resource: '*' };

  it('bound what it may do to what it owns', () => {
    expect(get(bound(alice, readsOnly), aBucket())).toBe('allowed');
    const target = { bucket: aBucket(), key: 'cat.jpg' };
    expect(decide(bound(alice, readsOnly), 's3:PutObject', target)).toBe('denied');
  });

  it('do not open what belongs to others', () => {
    expect(get(bound(bob, readsOnly), aBucket())).toBe('denied');
  });

  it('bound what others let it do', () => {
    const bucket = withPolicy({ ...everyone, Action: 's3:*', Resource: objects });
    expect(get(bound(bob, readsOnly), bucket)).toBe('allowed');
    const target = { bucket, key: 'cat.jpg' };
    expect(decide(bound(bob, readsOnly), 's3:PutObject', target)).toBe('denied');
  });

  it('name the bucket that is to be created', () => {
    const mine = { Effect: 'Allow', Action: 's3:CreateBucket', Resource: 'arn:aws:s3:::bob-*' };
    const create = (bucketName: string) =>
      decide(bound(bob, mine), 's3:CreateBucket', { bucket: null, bucketName });
    expect([create('bob-1'), create('alice-1')]).toEqual(['allowed', 'denied']);
  });
});

describe('a condition on tags of the object', () => {
  const isPublic = { StringEquals: { 's3:ExistingObjectTag/access': 'public' } };
  const statement = { Action: 's3:GetObject', Resource: objects, Condition: isPublic };

  it('waits for the object, where it decides', () => {
    const bucket = withPolicy({ ...everyone, ...statement });
    expect(get(bob, bucket)).toBe('depends-on-object');
    expect(get(alice, bucket)).toBe('allowed');
  });

  it('makes the owner wait for what it might be denied', () => {
    const bucket = withPolicy({ ...everyone, ...statement, Effect: 'Deny' });
    expect(get(alice, bucket)).toBe('depends-on-object');
    expect(get(bob, bucket)).toBe('denied');
  });
});
