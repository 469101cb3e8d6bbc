import { mkdirSync, writeFileSync } from 'node:fs';

/** Rounded for a table. */
export function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

/** Prints the table and writes all figures to `bench/results/NAME.json`. */
export function report(
  name: string,
  rows: Readonly<Record<string, Readonly<Record<string, string | number>>>>,
  figures: unknown,
): void {
  console.table(rows);
  mkdirSync(new URL('results/', import.meta.url), { recursive: true });
  const file = new URL(`results/${name}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
  console.log(`written to ${file.pathname}`);
}
