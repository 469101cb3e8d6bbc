import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GatewayMetrics } from '../../src/metrics/gateway-metrics.ts';
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

it('the table of metrics names each one with its type and labels', () => {
  const rows = read('docs/operations.md').matchAll(
    /^\| `(fastdfs_s3_\w+)` \| (\w+) \| ([^|]*)\| \S/gm,
  );
  const documented = [...rows].map(([, name, type, labels = '']) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  }));
  // The names of labels are not in the types of prom-client.
  const metrics = new GatewayMetrics().registry.getMetricsAsArray() as unknown as {
    readonly name: string;
    readonly type: string;
    readonly labelNames: readonly string[];
  }[];
  const ours = metrics.filter(({ name }) => name.startsWith('fastdfs_s3_'));
  const byName = (one: { name?: string | undefined }, other: { name?: string | undefined }) =>
    String(one.name).localeCompare(String(other.name));
  expect(documented.sort(byName)).toEqual(
    ours
      .map(({ name, type, labelNames }) => ({ name, type, labels: [...labelNames] }))
      .sort(byName),
  );
});

it('alert rules use metrics that exist', () => {
  const page = read('docs/operations.md');
  const rules = page.slice(page.indexOf('Alerts to begin with'));
  const used = [...rules.matchAll(/\bfastdfs_s3_\w+/g)].map(([name]) =>
    name.replace(/(_seconds)_(bucket|count|sum)$/, '$1'),
  );
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
});

it('the page on compatibility names every operation', () => {
  const page = read('docs/s3-compatibility.md');
  const names = new Set(routes.map(({ operation }) => operation.name));
  expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
});
