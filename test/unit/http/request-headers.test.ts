import { describe, expect, it } from 'vitest';
import { ReceivedHeaders } from '../../../src/http/request-headers.ts';

describe('ReceivedHeaders', () => {
  it('joins repeated headers in order, by lower-case name', () => {
    const headers = ReceivedHeaders.parse(['X-Amz-Meta-A', '1', 'x-amz-meta-a', '2', 'ETag', 'e']);
    expect(headers.get('x-amz-meta-a')).toBe('1,2');
    expect([...headers.entries()]).toEqual([
      ['x-amz-meta-a', '1,2'],
      ['etag', 'e'],
    ]);
  });

  it.each(['Host', 'Authorization', 'X-Amz-Date', 'Content-MD5', 'x-amz-content-sha256'])(
    'refuses a second %s',
    (name) => {
      expect(() => ReceivedHeaders.parse([name, 'a', name.toLowerCase(), 'a'])).toThrow(
        expect.objectContaining({ code: 'InvalidRequest' }),
      );
    },
  );

  it('never lets added headers replace received ones', () => {
    const headers = ReceivedHeaders.parse(['x-amz-acl', 'private']).with([
      ['x-amz-acl', 'public-read'],
      ['x-amz-meta-a', '1'],
    ]);
    expect(headers.get('x-amz-acl')).toBe('private');
    expect(headers.get('x-amz-meta-a')).toBe('1');
  });
});
