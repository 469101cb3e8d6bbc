import { statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DataDirectory } from '../../../src/data-directory.ts';
import { openDatabase } from '../../../src/object-index/sqlite-database.ts';
import { makeDirectories } from '../../../src/support/make-directories.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const opened = vi.hoisted(() => new Map<number, string>());
const synced = vi.hoisted(() => new Set<string>());

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  return {
    ...fs,
    openSync(path: string, flags: string, mode?: number) {
      const file = fs.openSync(path, flags, mode);
      opened.set(file, path);
      return file;
    },
    fsyncSync(file: number) {
      synced.add(opened.get(file) ?? '');
      fs.fsyncSync(file);
    },
  };
});

let top: string;

beforeEach(() => {
  top = temporaryDirectory();
  synced.clear();
});

describe('makeDirectories', () => {
  it('makes all that are missing, with the mode, and their names durable', () => {
    const path = join(top, 'a', 'b', 'c');
    makeDirectories(path, 0o700);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect([...synced].sort()).toEqual([top, join(top, 'a'), join(top, 'a', 'b')]);
  });

  it('leaves those alone that are there', () => {
    makeDirectories(top);
    expect([...synced]).toEqual([]);
  });

  it.each([
    ['the data directory', (path: string) => DataDirectory.prepare(path)],
    ['the directory of the index', (path: string) => openDatabase(join(path, 'i.sqlite')).close()],
  ])('makes %s', (_what, make) => {
    make(join(top, 'a', 'b'));
    expect([...synced]).toEqual(expect.arrayContaining([top, join(top, 'a')]));
  });
});
