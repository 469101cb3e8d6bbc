import { expect, it } from 'vitest';
import { renderBytes, renderElapsed } from '../../../src/cli/sizes.ts';

it.each([
  [0, '0 bytes'],
  [512, '512 bytes'],
  [4096, '4.0 KiB'],
  [288_657_408, '275 MiB'],
  [1.5 * 2 ** 30, '1.5 GiB'],
  [2 ** 50, '1024 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(renderBytes(bytes)).toBe(text);
});

it.each([
  [850, '850 ms'],
  [2_400, '2.4 s'],
  [200_000, '3 min 20 s'],
])('%d ms are %s', (ms, text) => {
  expect(renderElapsed(ms)).toBe(text);
});
