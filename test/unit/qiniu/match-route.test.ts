import { describe, expect, it } from 'vitest';
import { RouteMatcher } from '../../../src/qiniu/match-route.ts';
import type { QiniuRoute } from '../../../src/qiniu/operation.ts';
import { routes } from '../../../src/qiniu/route-table.ts';

const row = (path: string, methods: QiniuRoute['methods'] = ['GET', 'POST']): QiniuRoute => ({
  ...{ name: path, methods, path, authentication: 'own', handle: async () => ({}) },
});
const matcher = new RouteMatcher([
  ...[row('/', ['POST']), row('/stat/:entry'), row('/copy/:from/:to/*'), row('/buckets')],
  ...[row('/buckets/:bucket/objects/:key/uploads'), row('/any/*'), row('/any/:one')],
]);
const find = (path: string, method = 'POST') => {
  const match = matcher.find(method, path.slice(1).split('/'));
  return match && [match.route.path, Object.fromEntries(match.arguments), match.rest];
};

describe('RouteMatcher', () => {
  it.each([
    ['/', ['/', {}, []]],
    ['/stat/abc', ['/stat/:entry', { entry: 'abc' }, []]],
    ['/stat/a%3D%2F', ['/stat/:entry', { entry: 'a=/' }, []]],
    ['/stat/', ['/stat/:entry', { entry: '' }, []]],
    ['/copy/a/b', ['/copy/:from/:to/*', { from: 'a', to: 'b' }, []]],
    ['/copy/a/b/force/true', ['/copy/:from/:to/*', { from: 'a', to: 'b' }, ['force', 'true']]],
    ['/copy/a/b/c/', ['/copy/:from/:to/*', { from: 'a', to: 'b' }, ['c', '']]],
    ['/buckets', ['/buckets', {}, []]],
    [
      '/buckets/b/objects//uploads',
      ['/buckets/:bucket/objects/:key/uploads', { bucket: 'b', key: '' }, []],
    ],
    ['/any/x', ['/any/:one', { one: 'x' }, []]],
    ['/any/x/y', ['/any/*', {}, ['x', 'y']]],
    ['/any', ['/any/*', {}, []]],
  ])('%s', (path, expected) => expect(find(path)).toEqual(expected));

  it.each([
    '/stat',
    '/stat/a/b',
    '/Stat/a',
    '/st%61t/a',
    '/copy/a',
    '/buckets/b',
    '/x',
    '//stat/a',
  ])('%s is no row', (path) => expect(find(path)).toBeNull());

  it('tells rows of other methods', () => {
    expect(find('/', 'GET')).toBeNull();
    expect(matcher.rowsOf([''])).toHaveLength(1);
  });

  it('refuses octets that are no UTF-8', () => {
    for (const path of ['/stat/%ff', '/stat/%', '/stat/%00', '/stat/\xff']) {
      expect(() => find(path)).toThrow('key must be utf8 encoding');
    }
    // Sent as it is, not encoded.
    expect(find('/stat/\xe4\xb8\x83')).toEqual(['/stat/:entry', { entry: '七' }, []]);
  });
});

describe('the route table', () => {
  it('has no two rows of one shape and method', () => {
    const shapes = routes.flatMap(({ path, methods }) =>
      methods.map((method) => `${method} ${path.replaceAll(/:[^/]+/g, ':')}`),
    );
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  it('takes management calls by GET and POST', () => {
    for (const { methods, authentication } of routes) {
      if (authentication === 'management') expect([...methods].sort()).toEqual(['GET', 'POST']);
    }
  });
});
