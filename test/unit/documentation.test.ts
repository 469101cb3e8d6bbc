import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { routes } from '../../src/s3/route-table.ts';
import { settings } from '../../src/settings.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const names = Object.keys(settings.shape);

/** Without what has words instead of a value, and what is reserved and allows nothing else. */
const reserved = /^GATEWAY_(QINIU_LISTEN|FILES_LISTEN|WORKERS)$/;
const explained = Object.entries(settings.shape)
  .map(([name, schema]) => [name, String(schema.meta()?.fallback ?? '')] as const)
  .filter(([name, fallback]) => fallback !== '' && !reserved.test(name));

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

  it.each(explained)('gives the default of %s', (name, fallback) => {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\``));
    expect(row).toContain(`\`${fallback}\``);
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

it('the page on compatibility names every operation', () => {
  const page = read('docs/s3-compatibility.md');
  const names = new Set(routes.map(({ operation }) => operation.name));
  expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
});
