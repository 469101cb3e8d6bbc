import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moveWithoutOverwriting } from '../../../../src/fastdfs/server/file-moves.ts';

/** As on a file system where `link` fails with that code; null for the real one. */
const linkThat = (code: string | null) =>
  code === null
    ? linkSync
    : () => {
        throw Object.assign(new Error('link'), { code });
      };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'file-moves-'));
  writeFileSync(join(directory, 'from'), 'content');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe.each([
  ['with links', null],
  ['on a file system without links', 'EPERM'],
])('moving %s', (_name, linkError) => {
  const move = () =>
    moveWithoutOverwriting(join(directory, 'from'), join(directory, 'to'), linkThat(linkError));

  it('leaves the file under its new name only', () => {
    move();
    expect(readdirSync(directory)).toEqual(['to']);
    expect(readFileSync(join(directory, 'to'), 'utf8')).toBe('content');
  });

  it('never overwrites', () => {
    writeFileSync(join(directory, 'to'), 'older');
    expect(move).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(readFileSync(join(directory, 'to'), 'utf8')).toBe('older');
    expect(readFileSync(join(directory, 'from'), 'utf8')).toBe('content');
  });

  it('leaves nothing when there is nothing to move', () => {
    rmSync(join(directory, 'from'));
    expect(move).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(readdirSync(directory)).toEqual([]);
  });
});

it('passes other errors of link on', () => {
  const [from, to] = [join(directory, 'from'), join(directory, 'to')];
  expect(() => moveWithoutOverwriting(from, to, linkThat('EACCES'))).toThrow(
    expect.objectContaining({ code: 'EACCES' }),
  );
});
