import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreDirectories } from '../../../../src/fastdfs/server/store-directories.ts';

let dataPath: string;
beforeEach(() => {
  dataPath = mkdtempSync(join(tmpdir(), 'store-directories-'));
});
afterEach(() => rmSync(dataPath, { recursive: true }));

const open = (subdirCountPerPath: number, filesPerDirectory: number) =>
  new StoreDirectories({ dataPath, subdirCountPerPath, filesPerDirectory, directorySync: null });

function takeMany(directories: StoreDirectories, count: number): string[] {
  return Array.from({ length: count }, () => directories.take());
}

describe('take', () => {
  it('fills a directory, then takes the next, low level first, and starts over at the end', () => {
    expect(takeMany(open(2, 2), 10)).toEqual(
      ['00/00', '00/01', '01/00', '01/01', '00/00'].flatMap((path) => [path, path]),
    );
  });

  it('writes directories in upper-case hex', () => {
    const taken = takeMany(open(256, 1), 257);
    expect(taken[0xab]).toBe('00/AB');
    expect(taken[256]).toBe('01/00');
  });

  it('goes on where the last run stopped, metadata files not counted', () => {
    for (const path of ['00/00', '00/01', '01/00']) {
      mkdirSync(join(dataPath, path), { recursive: true });
    }
    for (const name of ['a', 'a-m', 'b']) writeFileSync(join(dataPath, '01/00', name), '');
    expect(takeMany(open(2, 3), 2)).toEqual(['01/00', '01/01']);
  });

  it('takes no notice of directories that are not of the store', () => {
    for (const path of ['sync', '.uploading', 'ZZ', '02', 'ff']) mkdirSync(join(dataPath, path));
    expect(open(2, 1).take()).toBe('00/00');
  });
});

describe('ensure', () => {
  it('refuses a link in place of a directory', () => {
    symlinkSync(tmpdir(), join(dataPath, '00'));
    expect(() => open(2, 1).ensure('00/00')).toThrow(
      expect.objectContaining({ fastdfsStatus: 22 }),
    );
  });

  it('makes a directory again that someone removed', () => {
    const directories = open(2, 1);
    const path = directories.ensure('00/01');
    rmSync(path, { recursive: true });
    directories.forget(path);
    expect(directories.ensure('00/01')).toBe(path);
    writeFileSync(join(path, 'file'), '');
  });
});
