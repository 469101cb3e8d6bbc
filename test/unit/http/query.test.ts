import { describe, expect, it } from 'vitest';
import { Query } from '../../../src/http/query.ts';

describe('Query', () => {
  it('decodes names and values, with + as a space', () => {
    const query = Query.parse('prefix=a+b%2B%F0%9F%98%80&acl&empty=&a%3Db=c=d');
    expect(query.get('prefix')).toBe('a b+😀');
    expect(query.get('acl')).toBe('');
    expect(query.get('empty')).toBe('');
    expect(query.get('a=b')).toBe('c=d');
    expect(query.get('none')).toBeNull();
    expect(query.has('none')).toBe(false);
    expect(query.names()).toEqual(['prefix', 'acl', 'empty', 'a=b']);
  });

  it('lets the first of repeated names count', () => {
    expect(Query.parse('a=1&a=2').get('a')).toBe('1');
  });

  it('skips empty pairs', () => {
    expect(Query.parse('&&a=1&').names()).toEqual(['a']);
  });
});
