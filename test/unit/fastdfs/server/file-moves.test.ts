import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { moveWithoutOverwriting } from '../../../../src/fastdfs/server/file-moves.ts';

const fake = vi.hoisted(() => ({ linkError: null as string | null }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    linkSync(from: string, to: string) {
      if (fake.linkError !== null) throw Object.assign(new Error('link'), { code: fake.linkError });
      fs.linkSync(from, to);
    },
  };
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'file-moves-'));
  writeFileSync(join(directory, 'from'), 'content');
});
afterEach(() => {
  fake.linkError = null;
  rmSync(directory, { recursive: true });
});

describe.each([
  ['with links', null],
  ['on a file system without links', 'EPERM'],
])('moving %s', (_name, linkError) => {
  beforeEach(() => {
    fake.linkError = linkError;
  });

  it('leaves the file under its new name only', () => {
    moveWithoutOverwriting(join(directory, 'from'), join(directory, 'to'));
    expect(readdirSync(directory)).toEqual(['to']);
    expect(readFileSync(join(directory, 'to'), 'utf8')).toBe('content');
  });

  it('never overwrites', () => {
    writeFileSync(join(directory, 'to'), 'older');
    expect(() => moveWithoutOverwriting(join(directory, 'from'), join(directory, 'to'))).toThrow(
      expect.objectContaining({ code: 'EEXIST' }),
    );
    expect(readFileSync(join(directory, 'to'), 'utf8')).toBe('older');
    expect(readFileSync(join(directory, 'from'), 'utf8')).toBe('content');
  });

  it('leaves nothing when there is nothing to move', () => {
    rmSync(join(directory, 'from'));
    expect(() => moveWithoutOverwriting(join(directory, 'from'), join(directory, 'to'))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
    expect(readdirSync(directory)).toEqual([]);
  });
});

it('passes other errors of link on', () => {
  fake.linkError = 'EACCES';
  expect(() => moveWithoutOverwriting(join(directory, 'from'), join(directory, 'to'))).toThrow(
    expect.objectContaining({ code: 'EACCES' }),
  );
});
