import { describe, expect, it } from 'vitest';
import { Access } from '../../../src/core/access/access.ts';
import { isCharged } from '../../../src/core/request-payment.ts';
import type { Caller } from '../../../src/core/services.ts';
import type { Bucket } from '../../../src/object-index/records.ts';

const bucket: Bucket = {
  id: 1,
  name: 'photos',
  ownerId: 'owner',
  locationConstraint: null,
  createdAtMs: 0,
  versioning: null,
  hasObjectLock: false,
  quota: { sizeBytes: null, objectCount: null },
  settings: { requestPayment: '"Requester"' },
};

function access(caller: Partial<Caller>, header: string | null, parameter: string | null = null) {
  const who = {
    userId: 'bob',
    userName: 'bob',
    isRoot: false,
    isAnonymous: false,
    accessKeyId: 'k',
    policies: [],
  };
  return new Access(
    { ...who, ...caller },
    {
      sourceIp: null,
      nowMs: 0,
      isSecure: false,
      headers: { get: () => header },
      query: { get: () => parameter },
    },
  );
}

describe('isCharged', () => {
  it('charges whoever says so, in a header or a presigned link', () => {
    expect(isCharged(access({}, 'requester'), bucket)).toBe(true);
    expect(isCharged(access({}, null, 'requester'), bucket)).toBe(true);
  });

  it.each([
    ['without the header', {}, null],
    ['with another header', {}, 'owner'],
    ['anonymous ones', { isAnonymous: true }, 'requester'],
  ])('refuses others %s', (_name, caller, header) => {
    expect(() => isCharged(access(caller, header), bucket)).toThrow(
      expect.objectContaining({ code: 'AccessDenied' }),
    );
  });

  it('charges neither owner nor root, and nobody where the owner pays', () => {
    expect(isCharged(access({ userId: 'owner' }, null), bucket)).toBe(false);
    expect(isCharged(access({ isRoot: true }, null), bucket)).toBe(false);
    expect(isCharged(access({}, null), { ...bucket, settings: {} })).toBe(false);
    const owner = { requestPayment: '"BucketOwner"' };
    expect(isCharged(access({}, null), { ...bucket, settings: owner })).toBe(false);
  });
});
