import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DataDirectory, DataDirectoryError } from '../../src/data-directory.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

let path: string;
let directory: DataDirectory;

beforeEach(() => {
  path = join(temporaryDirectory(), 'inner', 'data');
  directory = DataDirectory.prepare(path);
});

const modeOf = (file: string) => statSync(file).mode & 0o777;

describe('the directory', () => {
  it('is made for its owner only', () => {
    expect(modeOf(path)).toBe(0o700);
    expect(directory.isOpenToOthers()).toBe(false);
  });

  it('is taken as it is when it exists, and tells when others may look into it', () => {
    const open = join(path, 'open');
    mkdirSync(open, { mode: 0o755 });
    expect(DataDirectory.prepare(open).isOpenToOthers()).toBe(true);
  });

  it('that cannot be made names the setting', () => {
    writeFileSync(join(path, 'file'), '');
    expect(() => DataDirectory.prepare(join(path, 'file', 'data'))).toThrow(/GATEWAY_DATA_DIR/);
  });
});

describe('the master key', () => {
  const noIndex = '/nowhere/index.sqlite';

  it('is made once, 32 bytes, readable by its owner only', () => {
    const key = directory.loadMasterKey(noIndex);
    expect(key).toHaveLength(32);
    expect(DataDirectory.prepare(path).loadMasterKey(noIndex)).toEqual(key);
    expect(modeOf(join(path, 'master.key'))).toBe(0o600);
    expect(readdirSync(path)).toEqual(['master.key']);
  });

  it('is not made anew beside an index that another one sealed', () => {
    const index = join(path, 'index.sqlite');
    writeFileSync(index, '');
    expect(() => directory.loadMasterKey(index)).toThrow(DataDirectoryError);
    expect(readdirSync(path)).toEqual(['index.sqlite']);
  });

  it('that is damaged is refused, not replaced', () => {
    writeFileSync(join(path, 'master.key'), 'abc');
    expect(() => directory.loadMasterKey(noIndex)).toThrow(/64 hexadecimal digits/);
    expect(readFileSync(join(path, 'master.key'), 'utf8')).toBe('abc');
  });
});

describe('what it keeps', () => {
  it('the root credentials, readable by their owner only', () => {
    directory.saveRootCredentials({ accessKeyId: 'A', secretAccessKey: 'b' });
    directory.saveRootCredentials({ accessKeyId: 'A', secretAccessKey: 'c' });
    expect(modeOf(directory.rootCredentialsPath)).toBe(0o600);
    expect(readFileSync(directory.rootCredentialsPath, 'utf8')).toBe(
      'AWS_ACCESS_KEY_ID=A\nAWS_SECRET_ACCESS_KEY=c\n',
    );
  });

  it('where the embedded node listens', () => {
    expect(directory.findEmbeddedNode()).toBeNull();
    directory.saveEmbeddedNode({ host: '127.0.0.1', port: 22122 });
    expect(directory.findEmbeddedNode()).toEqual({ host: '127.0.0.1', port: 22122 });
  });
});
