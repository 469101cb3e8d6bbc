import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isIpAddress } from '../../../../src/fastdfs/protocol/ip-address.ts';

it.each([
  '0.0.0.0',
  '10.77.1.11',
  '255.255.255.255',
  '::',
  '::1',
  'fd00:99:1::11',
  '1:2:3:4:5:6:7:8',
  '::ffff:10.0.0.1',
])('takes %s', (text) => {
  expect(isIpAddress(text)).toBe(true);
});

it.each([
  '',
  '10.0.0',
  '10.0.0.256',
  '1.2.3.4.5',
  '01.2.3.4',
  ':',
  ':::',
  '1::2::3',
  'fd00:',
  '1:2:3:4:5:6:7:8:9',
  'g::1',
  'localhost',
  '[::1]',
  '1.2.3.4::',
])('refuses %j', (text) => {
  expect(isIpAddress(text)).toBe(false);
});

it('agrees with Node.js', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.'), maxLength: 20 }),
      ),
      (text) => {
        expect(isIpAddress(text)).toBe(isIP(text) !== 0);
      },
    ),
    { numRuns: 2000 },
  );
});
