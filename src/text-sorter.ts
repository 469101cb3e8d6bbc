import type { TextSorter } from './core/fsck/orphan-search.ts';
import { SortedTexts } from './object-index/sorted-texts.ts';

/** For one command; `close` removes its working file, which lies in `directory`. */
export function openTextSorter(directory: string): TextSorter & { close(): void } {
  return new SortedTexts(directory);
}
