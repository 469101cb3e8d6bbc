import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settings } from '../../src/settings.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const names = Object.keys(settings.shape);

describe.each(['README.md', 'README.zh-CN.md'])('%s', (file) => {
  const text = read(file);

  it.each(names)('explains %s', (name) => {
    expect(text).toContain(`\`${name}\``);
  });

  it('names no setting that does not exist', () => {
    const mentioned = text.match(/\b(GATEWAY|FASTDFS)_[A-Z0-9_]+/g) ?? [];
    const known = new Set([...names, 'GATEWAY_CONFIG']);
    expect(mentioned.filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(Object.entries(settings.shape))('gives the default of %s', (name, schema) => {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\``));
    const fallback = schema.meta()?.fallback;
    // Reserved names and generated values have no row of their own, or words instead of a value.
    if (row && typeof fallback === 'string' && fallback !== '') {
      expect(row).toContain(`\`${fallback}\``);
    }
  });
});

it('both languages have the same settings and commands in their tables', () => {
  const cells = (file: string) =>
    read(file)
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.match(/`[^`]+`/g)?.[0]);
  expect(cells('README.zh-CN.md')).toEqual(cells('README.md'));
});
