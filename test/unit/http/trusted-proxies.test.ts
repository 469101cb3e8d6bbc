import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { parseIpRange } from '../../../src/core/access/policy/ip-range.ts';
import { TrustedProxies } from '../../../src/http/trusted-proxies.ts';

function originOf(trusted: readonly string[], peer: string, headers: IncomingMessage['headers']) {
  const socket = { remoteAddress: peer } as IncomingMessage['socket'];
  return new TrustedProxies(trusted.flatMap((range) => parseIpRange(range) ?? [])).originOf({
    socket,
    headers,
  });
}

describe('where a request comes from', () => {
  it.each<[what: string, trusted: string[], peer: string, forwarded: string, address: string]>([
    ['nobody is believed', [], '10.0.0.1', '192.0.2.1', '10.0.0.1'],
    ['another peer is not', ['10.0.0.0/8'], '198.51.100.7', '192.0.2.1', '198.51.100.7'],
    ['a proxy is', ['10.0.0.0/8'], '10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['in IPv6 clothes, too', ['10.0.0.1'], '::ffff:10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['of IPv6', ['fd00::/8'], 'fd00::1', '2001:db8::5', '2001:db8::5'],
    [
      'what the client wrote is not',
      ['10.0.0.1'],
      '10.0.0.1',
      '203.0.113.9, 192.0.2.1',
      '192.0.2.1',
    ],
    ['two proxies', ['10.0.0.0/8'], '10.0.0.1', '203.0.113.9, 192.0.2.1, 10.9.9.9', '192.0.2.1'],
    ['only proxies', ['10.0.0.0/8'], '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['a port', ['10.0.0.1'], '10.0.0.1', '192.0.2.1:4711', '192.0.2.1'],
    ['a port of IPv6', ['10.0.0.1'], '10.0.0.1', '[2001:db8::5]:4711', '2001:db8::5'],
    ['no address', ['10.0.0.1'], '10.0.0.1', '192.0.2.1, unknown', '10.0.0.1'],
    ['nothing', ['10.0.0.1'], '10.0.0.1', ' , ', '10.0.0.1'],
  ])('%s: %j, %s, %j is %s', (_what, trusted, peer, forwarded, address) => {
    expect(originOf(trusted, peer, { 'x-forwarded-for': forwarded }).address).toBe(address);
  });

  it.each([
    [['10.0.0.1'], 'https', true],
    [['10.0.0.1'], 'HTTPS', true],
    [['10.0.0.1'], 'http', false],
    [['10.0.0.1'], 'https, http', false],
    [['10.0.0.1'], '', false],
    [[], 'https', false],
  ])('trusting %j, x-forwarded-proto: %s is TLS: %s', (trusted, protocol, isSecure) => {
    const headers = { 'x-forwarded-proto': protocol };
    expect(originOf(trusted, '10.0.0.1', headers).isSecure).toBe(isSecure);
  });

  it.each([
    [['10.0.0.1'], 'gw.example.com', '', ['gw.example.com']],
    [['10.0.0.1'], 'gw.example.com', '8443', ['gw.example.com', 'gw.example.com:8443']],
    [['10.0.0.1'], 'a.example.com, gw:81', '8443', ['gw:81']],
    [['10.0.0.1'], '', '8443', []],
    [[], 'gw.example.com', '8443', []],
  ])('trusting %j, x-forwarded-host %s and port %s are %j', (trusted, host, port, hosts) => {
    const headers = { 'x-forwarded-host': host, 'x-forwarded-port': port };
    const origin = originOf(trusted, '10.0.0.1', headers);
    expect(origin.forwardedHosts).toEqual(hosts);
    expect(origin.isProxied).toBe(trusted.length > 0);
  });
});
