import { appendFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { WalkFile } from '../../../src/support/walk-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory, 'walk.json');
});

it('gives back what each page has saved, in a process that knows nothing of it', () => {
  const file = new WalkFile(path);
  file.save({ page: 1 }, [{ name: 'ä' }]);
  file.save({ page: 2 }, []);
  const next = new WalkFile(path);
  expect(next.read()).toEqual({ state: { page: 2 }, findings: [{ name: 'ä' }] });
  next.save({ page: 3 }, [{ name: 'b' }]);
  expect(new WalkFile(path).read()).toEqual({
    state: { page: 3 },
    findings: [{ name: 'ä' }, { name: 'b' }],
  });
});

it('drops findings of a page that was cut off', () => {
  new WalkFile(path).save({ page: 1 }, [{ name: 'a' }]);
  appendFileSync(`${path}l`, '{"name":"lost"}\n{"na');
  const next = new WalkFile(path);
  expect(next.read()?.findings).toEqual([{ name: 'a' }]);
  next.save({ page: 2 }, [{ name: 'b' }]);
  expect(new WalkFile(path).read()?.findings).toEqual([{ name: 'a' }, { name: 'b' }]);
});

it('starts over with its findings too', () => {
  new WalkFile(path).save({ page: 1 }, [{ name: 'a' }]);
  const next = new WalkFile(path);
  next.read();
  next.startOver();
  next.save({ page: 1 }, [{ name: 'b' }]);
  expect(new WalkFile(path).read()?.findings).toEqual([{ name: 'b' }]);
});

it.each([
  ['no JSON', () => writeFileSync(path, '{"findingsSize":')],
  ['another form', () => writeFileSync(path, '{"version":1,"state":{}}')],
  ['a negative size', () => writeFileSync(path, '{"findingsSize":-1,"state":{}}')],
  ['null', () => writeFileSync(path, 'null')],
  ['findings that are gone', () => truncateSync(`${path}l`, 3)],
  ['findings that are no JSON', () => writeFileSync(`${path}l`, `${'x'.repeat(11)}\n`)],
])('gives null for %s', (_case, damage) => {
  new WalkFile(path).save({ page: 1 }, [{ name: 'a' }]);
  damage();
  expect(new WalkFile(path).read()).toBeNull();
});

it('gives null when nothing was saved, and leaves nothing behind when removed', () => {
  const file = new WalkFile(path);
  expect(file.read()).toBeNull();
  file.save({}, [{ name: 'a' }]);
  file.remove();
  expect(readdirSync(directory)).toEqual([]);
});
