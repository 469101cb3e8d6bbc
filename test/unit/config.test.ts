import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, type Environment, loadConfig } from '../../src/config.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

function problemsOf(environment: Environment, file?: string): readonly string[] {
  try {
    loadConfig(environment, file);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

function settingsFile(text: string): string {
  const path = join(temporaryDirectory(), 'gateway.env');
  writeFileSync(path, text);
  return path;
}

describe('defaults', () => {
  it('start one embedded node with everything below ./data', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      trackers: null,
      dataDir: resolve('data'),
      indexPath: resolve('data/index.sqlite'),
      s3: { listen: { host: '0.0.0.0', port: 9000 }, region: 'us-east-1', domains: [] },
      console: { listen: { host: '127.0.0.1', port: 9001 } },
      fastdfs: { segmentSizeBytesMax: 64 * 2 ** 20 },
      replayBufferSizeBytes: 2 ** 20,
      deleteDelayMs: 300_000,
      rootKey: null,
      masterKey: null,
    });
  });

  it('are frozen all the way down', () => {
    const config = loadConfig({ FASTDFS_TRACKERS: 'a:1' });
    expect(
      [config, config.s3, config.s3.domains, config.trackers?.[0]].every(Object.isFrozen),
    ).toBe(true);
  });

  it('stand in for empty values, as compose files write them', () => {
    expect(loadConfig({ GATEWAY_REGION: '', GATEWAY_SEGMENT_SIZE: ' ' })).toEqual(loadConfig({}));
  });
});

describe('values', () => {
  it.each([
    ['FASTDFS_TRACKERS', 'a.b:22122, [fd00::1]:5,10.0.0.1'],
    ['GATEWAY_S3_LISTEN', '[::]:0'],
  ])('%s takes %s', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([]);
  });

  it('trackers without a port listen on the standard one', () => {
    expect(loadConfig({ FASTDFS_TRACKERS: '10.0.0.1,[fd00::1]:5' }).trackers).toEqual([
      { host: '10.0.0.1', port: 22_122 },
      { host: 'fd00::1', port: 5 },
    ]);
  });

  it('addresses are mapped in pairs, with ports or without', () => {
    const map = '10.0.0.5=gw.example , [fd00::5]:23000=127.0.0.1:24000,';
    expect(loadConfig({ FASTDFS_ADDRESS_MAP: map }).fastdfs.addressMap).toEqual([
      {
        advertised: { host: '10.0.0.5', port: null },
        reachable: { host: 'gw.example', port: null },
      },
      {
        advertised: { host: 'fd00::5', port: 23_000 },
        reachable: { host: '127.0.0.1', port: 24_000 },
      },
    ]);
  });

  it('off switches a listener off', () => {
    expect(loadConfig({ GATEWAY_CONSOLE_LISTEN: 'off' }).console.listen).toBeNull();
  });

  it('have units', () => {
    const config = loadConfig({ GATEWAY_SEGMENT_SIZE: '16MiB', GATEWAY_DELETE_DELAY: '1.5h' });
    expect([config.fastdfs.segmentSizeBytesMax, config.deleteDelayMs]).toEqual([
      16 * 2 ** 20,
      5_400_000,
    ]);
  });

  it('name groups by location and storage class', () => {
    const config = loadConfig({
      GATEWAY_LOCATION_GROUPS: 'eu=group1, constructor=group2',
      GATEWAY_STORAGE_CLASS_GROUPS: 'STANDARD_IA=group2',
    });
    expect([...config.locationGroups]).toEqual([
      ['eu', 'group1'],
      ['constructor', 'group2'],
    ]);
    expect([...config.storageClassGroups]).toEqual([['STANDARD_IA', 'group2']]);
  });

  it('a relative index path is taken from the working directory', () => {
    expect(loadConfig({ GATEWAY_INDEX_URL: 'sqlite:a/b.db' }).indexPath).toBe(resolve('a/b.db'));
  });
});

describe('refused', () => {
  it.each([
    ['GATEWAY_SEGMENT_SIZE', '12q', 'a size such as 64MiB, from 64KiB to 4GiB'],
    ['GATEWAY_SEGMENT_SIZE', '1', 'a size such as 64MiB'],
    ['GATEWAY_DELETE_DELAY', '15', 'a duration such as 5m'],
    ['GATEWAY_S3_LISTEN', '9000', 'host:port'],
    ['GATEWAY_QINIU_LISTEN', '9002', 'host:port'],
    ['GATEWAY_FILES_LISTEN', 'on', 'host:port'],
    ['GATEWAY_S3_LISTEN', 'localhost:99999', 'host:port'],
    ['FASTDFS_TRACKERS', 'a:b:c', 'trackers as host:port'],
    ['FASTDFS_TRACKERS', 'fd00::1:22122', 'trackers as host:port'],
    ['FASTDFS_ADDRESS_MAP', 'a:b', 'advertised=reachable'],
    ['FASTDFS_ADDRESS_MAP', 'x=y,a=', '"" in "a=" is no address'],
    ['FASTDFS_ADDRESS_MAP', 'a=b=c', '"a=b=c" has not exactly one ='],
    ['FASTDFS_ADDRESS_MAP', 'fd00::5=a', '"fd00::5" in "fd00::5=a" is no address'],
    ['FASTDFS_ADDRESS_MAP', 'a=b:0', '"b:0" in "a=b:0" is no address'],
    ['FASTDFS_ADDRESS_MAP', 'a:1=b,A:1=c', '"A:1" stands to the left of = twice'],
    ['GATEWAY_DOMAINS', '*.s3.example.com', 'host names without *'],
    ['GATEWAY_INDEX_URL', 'postgres://db/gateway', 'no PostgreSQL index'],
    ['GATEWAY_WORKERS', '65', 'a whole number from 1 to 64'],
    ['GATEWAY_MIN_REPLICAS', '33', 'from 1 to 32'],
    ['GATEWAY_PLACEMENT', 'random', 'tracker (its store_lookup'],
    ['GATEWAY_REPLICA_WAIT_FAILURE', 'ignore', 'fail (503) or accept'],
    ['GATEWAY_LOCATION_GROUPS', 'eu=group1,eu=group2', 'each LocationConstraint once'],
    ['GATEWAY_LOCATION_GROUPS', 'eu', 'LOCATION=GROUP'],
    ['GATEWAY_LOCATION_GROUPS', 'eu=a=b', 'LOCATION=GROUP'],
    ['GATEWAY_LOCATION_GROUPS', 'eu=group-1', '1 to 16 letters and digits'],
    ['GATEWAY_STORAGE_CLASS_GROUPS', 'STANDARD=group1', 'but STANDARD'],
    ['GATEWAY_STORAGE_CLASS_GROUPS', 'COLD=group1', 'each storage class of S3'],
    ['GATEWAY_LOG_LEVEL', 'loud', 'debug, info, warn, error or silent'],
  ])('%s=%s, with what is allowed', (name, value, allowed) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${name}=${value} is not allowed`);
    expect(problems[0]).toContain(allowed);
  });

  it('all at once', () => {
    expect(problemsOf({ GATEWAY_REGION: 'a b', GATEWAY_WORKERS: 'x' })).toHaveLength(2);
  });

  it('without showing secrets', () => {
    const problems = problemsOf({
      GATEWAY_ROOT_ACCESS_KEY: 'admin',
      GATEWAY_ROOT_SECRET_KEY: 'hunter2',
      GATEWAY_MASTER_KEY: 'cafe',
    });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toMatch(/hunter2|cafe/);
  });

  it('replicas of the embedded node', () => {
    const environment = { GATEWAY_MIN_REPLICAS: '2' };
    expect(problemsOf(environment)).toEqual([expect.stringContaining('needs FASTDFS_TRACKERS')]);
    expect(problemsOf({ ...environment, FASTDFS_TRACKERS: 'a' })).toEqual([]);
  });

  it('an access key without its secret', () => {
    expect(problemsOf({ GATEWAY_ROOT_ACCESS_KEY: 'admin' })).toEqual([
      'GATEWAY_ROOT_ACCESS_KEY and GATEWAY_ROOT_SECRET_KEY must be given together.',
    ]);
  });
});

describe('names', () => {
  it.each([
    ['GATEWAY_SEGMENTSIZE', 'GATEWAY_SEGMENT_SIZE'],
    ['GATEWAY_S3_LISTENER', 'GATEWAY_S3_LISTEN'],
    ['FASTDFS_TRACKER', 'FASTDFS_TRACKERS'],
  ])('%s is taken for a mistake: did you mean %s?', (name, nearest) => {
    expect(problemsOf({ [name]: 'x' })).toEqual([
      `${name} (the environment) is not a setting. Did you mean ${nearest}?`,
    ]);
  });

  it.each([
    ['GATEWAY_SERVICE_HOST', '10.0.0.1'],
    ['GATEWAY_S3_SERVICE_PORT_HTTP', '9000'],
    ['GATEWAY_PORT', 'tcp://10.0.0.1:9000'],
    ['GATEWAY_PORT_9000_TCP_ADDR', '10.0.0.1'],
    ['FASTDFS_HOME', '/opt/fastdfs'],
    ['PATH', '/bin'],
  ])('%s=%s belongs to somebody else', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([]);
  });
});

describe('file', () => {
  it('sets what the environment leaves open', () => {
    const GATEWAY_CONFIG = settingsFile(
      '# comment\n\nexport GATEWAY_REGION="eu-1"\r\nGATEWAY_DELETE_DELAY = 1h\n',
    );
    const config = loadConfig({ GATEWAY_CONFIG, GATEWAY_DELETE_DELAY: '2h' });
    expect([config.s3.region, config.deleteDelayMs]).toEqual(['eu-1', 7_200_000]);
  });

  it('given on the command line stands in for GATEWAY_CONFIG', () => {
    const file = settingsFile('GATEWAY_REGION=eu-1');
    expect(loadConfig({ GATEWAY_CONFIG: '/nowhere' }, file).s3.region).toBe('eu-1');
  });

  it('names the line of an unknown setting and of one that is no setting at all', () => {
    const file = settingsFile('GATEWAY_REGION=a\nPATH=/bin\nGATEWAY_ROOT_SECRET_KEY s3cret');
    const problems = problemsOf({}, file);
    expect(problems).toEqual([
      `${file}: line 3 is not NAME=value.`,
      `PATH (${file}, line 2) is not a setting.`,
    ]);
  });

  it('that cannot be read stops the start', () => {
    expect(problemsOf({}, '/nowhere/gateway.env')[0]).toContain('/nowhere/gateway.env');
  });
});
