import type { Caller } from '../services.ts';

/**
 * Whoever does not sign. It owns what it writes under the canonical user id that AWS gives to all
 * anonymous writers; ids of our users have 64 digits, so that none can be this one.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/finding-canonical-user-id.html
 */
export const anonymousCaller: Caller = {
  userId: '65a011a29cdf8ec533ec3d1ccaae921c',
  userName: 'anonymous',
  isRoot: false,
  isAnonymous: true,
  policies: [],
  accessKeyId: '',
};
