import { describe, expect, it } from 'vitest';
import {
  parseDuration,
  parseHostPort,
  parseSize,
  renderDuration,
  renderHostPort,
  renderSize,
} from '../../../src/support/units.ts';

describe('sizes', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['64MiB', 67_108_864],
    ['1.5 gib', 1_610_612_736],
    ['10MB', 10_000_000],
  ])('%s is %i bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(['', '-1', 'MiB', '1.5', '1XB', '1e3', '99999999TiB', '0x10', '1 2'])(
    '%j is no size',
    (text) => expect(parseSize(text)).toBeNull(),
  );

  it.each(['64MiB', '3GiB', '1000B', '1KiB'])('%s is rendered as it was read', (text) =>
    expect(renderSize(parseSize(text) ?? -1)).toBe(text),
  );
});

describe('durations', () => {
  it.each([
    ['0', 0],
    ['250ms', 250],
    ['15m', 900_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
  ])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '15', '-1s', 'm', '1y', '0.0001ms'])('%j is no duration', (text) =>
    expect(parseDuration(text)).toBeNull(),
  );

  it.each(['0', '90s', '36h', '1d', '1001ms'])('%s is rendered as it was read', (text) =>
    expect(renderDuration(parseDuration(text) ?? -1)).toBe(text),
  );
});

describe('addresses', () => {
  it.each([
    ['10.0.0.1:9000', { host: '10.0.0.1', port: 9000 }],
    ['storage_1.lan:0', { host: 'storage_1.lan', port: 0 }],
    ['[::1]:9000', { host: '::1', port: 9000 }],
  ])('%s is read and rendered back', (text, address) => {
    expect(parseHostPort(text)).toEqual(address);
    expect(renderHostPort(address)).toBe(text);
  });

  it('a missing port is the default one', () => {
    expect(parseHostPort('tracker', 22_122)).toEqual({ host: 'tracker', port: 22_122 });
  });

  it.each(['tracker', ':9000', 'a:65536', '::1:9000', '[1:2]:9000', 'a b:1', 'http://a:1', 'a:1x'])(
    '%j is no address with a port',
    (text) => expect(parseHostPort(text)).toBeNull(),
  );
});
