import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SortedTexts } from '../../../src/object-index/sorted-texts.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function read(texts: SortedTexts): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of texts.batches()) all.push(...batch);
  return all;
}

it('gives each text once, in the order of its bytes', async () => {
  const texts = new SortedTexts(temporaryDirectory());
  texts.add(['b', 'a', 'Z', 'b', '_']);
  texts.add(['a', '-']);
  expect(texts.count).toBe(5);
  expect(await read(texts)).toEqual(['-', 'Z', '_', 'a', 'b']);
  texts.close();
});

it('reads more than fit in one batch', async () => {
  const texts = new SortedTexts(temporaryDirectory());
  const all = Array.from({ length: 12_345 }, (_, number) => String(number).padStart(5, '0'));
  texts.add(all.toReversed());
  expect(await read(texts)).toEqual(all);
  texts.close();
});

it('leaves nothing behind', () => {
  const directory = temporaryDirectory();
  const texts = new SortedTexts(directory);
  texts.add(['a']);
  expect(readdirSync(directory).length).toBe(1);
  texts.close();
  expect(readdirSync(directory)).toEqual([]);
});
