import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { GatewayMetrics } from '../../src/metrics/gateway-metrics.ts';
import { routes } from '../../src/s3/route-table.ts';
import { settings } from '../../src/settings.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const names = Object.keys(settings.shape);

/** Without what has words instead of a value, and what is reserved and allows nothing else. */
const reserved = /^GATEWAY_(QINIU_LISTEN|FILES_LISTEN)$/;
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

const manuals = ['docs/operations.md', 'docs/operations.zh-CN.md'] as const;
const origins = ['docs/origin.md', 'docs/origin.zh-CN.md'] as const;
const imports = ['docs/import.md', 'docs/import.zh-CN.md'] as const;
const compatibility = ['docs/s3-compatibility.md', 'docs/s3-compatibility.zh-CN.md'] as const;
const qiniuDoor = ['docs/qiniu.md', 'docs/qiniu.zh-CN.md'] as const;
const filesDoor = ['docs/files.md', 'docs/files.zh-CN.md'] as const;

describe.each([
  ['the operations manuals', manuals],
  ['the pages on compatibility', compatibility],
  ['the pages on the files door', filesDoor],
])('%s in both languages', (_, files) => {
  const [english, chinese] = files.map((file) => partsOf(read(file)));

  it('have the same sections', () => {
    const levels = (parts: ManualParts | undefined) => parts?.headings.map(({ level }) => level);
    expect(levels(english)?.length).toBeGreaterThan(10);
    expect(levels(chinese)).toEqual(levels(english));
  });

  it('have the same blocks of code, but for comments', () => {
    expect(chinese?.blocks).toEqual(english?.blocks);
  });

  it('have the same tables, with the same metrics, types and labels', () => {
    expect(english?.rows.length).toBeGreaterThan(40);
    expect(chinese?.rows).toEqual(english?.rows);
  });

  it('name the same settings, commands and messages in each section', () => {
    expect(chinese?.codeOfSections).toEqual(english?.codeOfSections);
  });

  it('link to each other at the top', () => {
    const tops = files.map((file) => read(file).split('\n').slice(0, 4).join('\n'));
    const names = files.map((file) => file.replace('docs/', ''));
    expect(tops[0]).toContain(`(${names[1]})`);
    expect(tops[1]).toContain(`(${names[0]})`);
  });
});

it.each([
  ['origins', origins],
  ['imports', imports],
  ["Qiniu's SDKs", qiniuDoor],
])('the pages on %s say the same in both languages', (_, files) => {
  const [english, chinese] = files.map((file) => partsOf(read(file)));
  const shapeOf = (parts: ManualParts | undefined) => ({
    ...parts,
    headings: parts?.headings.map(({ level }) => level),
  });
  expect(shapeOf(chinese)).toEqual(shapeOf(english));
  expect(english?.rows.length).toBeGreaterThan(10);
});

it('there are blocks of code in the operations manuals', () => {
  expect(partsOf(read(manuals[0])).blocks.length).toBeGreaterThan(5);
});

const readmes = ['README.md', 'README.zh-CN.md'] as const;

it.each([...readmes, ...manuals, ...compatibility, ...qiniuDoor])(
  '%s links to sections that exist',
  (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)];
    expect(links.length).toBeGreaterThan(0);
    for (const [, file = '', anchor] of links) {
      const target = file === '' ? page : join(dirname(page), file);
      expect(partsOf(read(target)).headings.map(({ anchor }) => anchor)).toContain(anchor);
    }
  },
);

it.each([
  ['README.md', [manuals[0], compatibility[0], origins[0], imports[0], qiniuDoor[0]]],
  ['README.zh-CN.md', [manuals[1], compatibility[1], origins[1], imports[1], qiniuDoor[1]]],
])('%s links to the pages of its language', (readme, files) => {
  for (const file of files) expect(read(readme)).toContain(`(${file})`);
});

type ManualParts = ReturnType<typeof partsOf>;

/** What a page in one language must share with the same page in another one. */
function partsOf(page: string) {
  const block = /^```(\w*)\n(.*?)^```$/gms;
  const prose = page.replaceAll(block, '');
  return {
    headings: [...prose.matchAll(/^(#+) (.+)$/gm)].map(
      ([, { length: level } = '', title = '']) => ({
        level,
        // As GitHub makes it.
        anchor: title.toLowerCase().replaceAll(' ', '-'),
      }),
    ),
    blocks: [...page.matchAll(block)].map(([, language, text = '']) => ({
      language,
      lines: text
        .split('\n')
        .map((line) => line.replace(/(^|\s+)#.*$/, ''))
        .filter((line) => line !== ''),
    })),
    rows: [...prose.matchAll(/^\|(.*)\|$/gm)].map(([, row = '']) => {
      const cells = row.split('|').map((cell) => cell.trim());
      // What is no word of either language: code, types, numbers, the line under the headings.
      const isCode = (cell: string) =>
        /^(`[^`]+`(, )?)+$|^(counter|gauge|histogram|\d*|-+)$/.test(cell);
      return cells.map((cell) => (isCode(cell) ? cell : 'text'));
    }),
    codeOfSections: prose.split(/^#+ .+$/m).map((section) => {
      const spans = [...section.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
      return [...new Set(spans.map((code) => code.replaceAll(/\s+/g, ' ')))].sort();
    }),
  };
}

it.each(manuals)('the table of metrics in %s names each one with its type and labels', (file) => {
  const rows = read(file).matchAll(/^\| `(fastdfs_s3_\w+)` \| (\w+) \| ([^|]*)\| \S/gm);
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

it.each(manuals)('%s names no setting that does not exist', (file) => {
  const mentioned = read(file).match(/\b(GATEWAY|FASTDFS)_[A-Z0-9_]+/g) ?? [];
  expect(mentioned.filter((name) => !names.includes(name))).toEqual([]);
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

/** The first cells of the table of operations, each with the names of some that belong together. */
function operationRows(file: string) {
  const [, , section = ''] = read(file).split(/^#+ .+$/m);
  const cells = [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
  const [_heading, ...rows] = cells;
  return rows;
}

it('the page on compatibility has every operation once in its table', () => {
  const named = operationRows(compatibility[0]).flatMap((cell) => cell.split(', '));
  const operations = new Set(routes.map(({ operation }) => operation.name));
  expect(named.sort()).toEqual([...operations].sort());
});

it('the pages on compatibility have the same operations in the same order', () => {
  const [english, chinese] = compatibility.map(operationRows);
  expect(chinese).toEqual(english);
});
