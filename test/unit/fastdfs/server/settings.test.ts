import { describe, expect, it } from 'vitest';
import {
  type EmbeddedNodeSettings,
  resolveSettings,
} from '../../../../src/fastdfs/server/settings.ts';

describe('resolveSettings', () => {
  it('listens on loopback and is durable by default', () => {
    expect(resolveSettings({ storePath: '/data' })).toMatchObject({
      host: '127.0.0.1',
      advertisedHost: '127.0.0.1',
      durability: 'fsync',
      subdirCountPerPath: 256,
      groupName: 'group1',
    });
  });

  it('never gives out the address of all interfaces', () => {
    expect(resolveSettings({ storePath: '/data', host: '0.0.0.0' })).toMatchObject({
      host: '0.0.0.0',
      advertisedHost: '127.0.0.1',
    });
  });

  it('takes an undefined value for one that is left out', () => {
    const settings = { storePath: '/data', host: undefined, durability: undefined };
    expect(resolveSettings(settings as unknown as EmbeddedNodeSettings)).toMatchObject({
      host: '127.0.0.1',
      durability: 'fsync',
    });
  });

  it.each<[Partial<EmbeddedNodeSettings>, RegExp]>([
    [{ storePath: '' }, /storePath must not be empty/],
    [{ host: 'localhost' }, /host must be an IPv4 address: localhost/],
    [{ advertisedHost: '10.0.0.0' }, /advertisedHost must not end in \.0/],
    [{ groupName: 'much-too-long-a-name' }, /groupName must be 1–16 letters and digits/],
    [{ durability: 'maybe' as 'none' }, /durability must be fsync or none: maybe/],
    [{ subdirCountPerPath: 0 }, /subdirCountPerPath must be a whole number from 1 to 256: 0/],
    [{ subdirCountPerPath: 257 }, /subdirCountPerPath/],
    [{ filesPerDirectory: 1.5 }, /filesPerDirectory/],
    [{ reservedBytes: -1 }, /reservedBytes/],
    [{ trackerPort: 65_536 }, /trackerPort must be a whole number from 0 to 65535/],
    [{ storagePort: Number.NaN }, /storagePort/],
    [{ networkTimeoutMs: 0 }, /networkTimeoutMs/],
    [{ connectionsMax: 0 }, /connectionsMax/],
    [{ drainTimeoutMs: -1 }, /drainTimeoutMs/],
  ])('refuses %j', (settings, message) => {
    expect(() => resolveSettings({ storePath: '/data', ...settings })).toThrow(message);
  });
});
