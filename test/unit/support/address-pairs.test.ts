import { describe, expect, it } from 'vitest';
import { canonicalHost, parseAddressPairs } from '../../../src/support/address-pairs.ts';

describe('pairs of addresses', () => {
  it('may be none', () => {
    expect(parseAddressPairs('')).toEqual([]);
  });

  it('keep apart whether a port was given', () => {
    expect(parseAddressPairs('10.0.0.5:23000=[fd00::7],a=b:1')).toEqual([
      {
        advertised: { host: '10.0.0.5', port: 23_000 },
        reachable: { host: 'fd00::7', port: null },
      },
      { advertised: { host: 'a', port: null }, reachable: { host: 'b', port: 1 } },
    ]);
  });

  it('count as the same when only the spelling differs', () => {
    expect(parseAddressPairs('[FD00:0::5]=a,[fd00::5]=b')).toContain('twice');
    expect(parseAddressPairs('a:1=x,a:2=y,a=z')).toHaveLength(3);
  });

  it.each(['=', 'a', 'a=', '=b', 'a==b', 'a:=b', 'a:99999=b', 'fd00::1=b', '[a]=b', 'a b=c'])(
    '%j is none, for a reason that quotes it',
    (text) => expect(parseAddressPairs(text)).toContain(`"${text}"`),
  );
});

describe('the canonical host', () => {
  it.each([
    ['Storage.Example', 'storage.example'],
    ['FD00:0:0::05', 'fd00::5'],
    ['10.0.0.5', '10.0.0.5'],
  ])('of %s is %s', (host, canonical) => expect(canonicalHost(host)).toBe(canonical));
});
