import { expect, it } from 'vitest';
import { parseServiceHosts } from '../../../src/support/qiniu-hosts.ts';

it.each([
  ['', {}],
  ['kodo.example.com', { all: ['kodo.example.com'] }],
  ['a:9002, b:9002', { all: ['a:9002', 'b:9002'] }],
  ['up=u1,up = u2:80,s3=[::1]:9000,a', { up: ['u1', 'u2:80'], s3: ['[::1]:9000'], all: ['a'] }],
])('%j names the hosts of services', (text, hosts) => {
  expect(parseServiceHosts(text)).toEqual(hosts);
});

it.each(['http://a', 'a/b', 'up=', '=a', 'upload=a', 'a b', 'a:b', 'up=a=b'])(
  '%j names none',
  (text) => {
    expect(parseServiceHosts(text)).toBeUndefined();
  },
);
