import { describe, expect, it } from 'vitest';
import {
  regionAnswerV2,
  regionAnswerV3,
  regionAnswerV4,
} from '../../../../src/qiniu/regions/region-answers.ts';
import { serviceHosts } from '../../../../src/qiniu/regions/service-hosts.ts';

const direct = { host: 'gw.example.com:9002', localPort: 9002, isProxied: false };
const facts = {
  hosts: serviceHosts({}, direct),
  regionName: 'z0',
  s3RegionName: 'us-east-1',
  ttlSeconds: 600,
};
const here = ['gw.example.com:9002'];

describe('a region', () => {
  it('is told to Node, Go and Python with every service that they take for granted', () => {
    expect(regionAnswerV4(facts)).toEqual({
      hosts: [
        {
          region: 'z0',
          ttl: 600,
          up: { domains: here, old: [] },
          io: { domains: here },
          io_src: { domains: here },
          rs: { domains: here },
          rsf: { domains: here },
          api: { domains: here },
          uc: { domains: here },
          s3: { domains: here, region_alias: 'us-east-1' },
        },
      ],
    });
  });

  const main = { main: here, backup: [] };
  const all = { src: main, acc: main, old_src: main, old_acc: main };
  const services = { io: all, up: all, rs: all, rsf: all, api: all, uc: all };

  it('is told to Java as a list', () => {
    expect(regionAnswerV3(facts)).toEqual({ hosts: [{ region: 'z0', ttl: 600, ...services }] });
  });

  it('is told to browsers by itself', () => {
    expect(regionAnswerV2(facts)).toEqual({ region: 'z0', ttl: 600, ...services });
  });
});

describe('the address of a service', () => {
  it.each([
    ['gw:9000', 9000, false, 'gw:9000'],
    ['gw', 9000, false, 'gw:9000'],
    ['gw', 9000, true, 'gw'],
    ['gw', 80, false, 'gw'],
    ['gw:8080', 9000, false, 'gw:8080'],
    ['[::1]', 9000, false, '[::1]:9000'],
    ['[::1]:9000', 9000, false, '[::1]:9000'],
    [null, 9000, false, 'localhost:9000'],
  ])(
    'with Host %s at port %d (behind a proxy: %s) is %s',
    (host, localPort, isProxied, address) => {
      expect(serviceHosts({}, { host, localPort, isProxied }).rs).toEqual([address]);
    },
  );

  it('is what the operator says, for a service alone or for all', () => {
    const hosts = serviceHosts({ all: ['a.example.com', 'b:1'], up: ['up.example.com'] }, direct);
    expect(hosts.up).toEqual(['up.example.com']);
    expect(hosts.io).toEqual(['a.example.com', 'b:1']);
    expect(serviceHosts({ up: ['up.example.com'] }, direct).rs).toEqual(here);
  });
});
