import type { TextSorter } from './core/fsck/orphan-search.ts';
import type { ImportPlan } from './core/import/import-plan.ts';
import { ImportPlan as PlanFile } from './object-index/import-plan.ts';
import { SortedTexts } from './object-index/sorted-texts.ts';

/** For one command; `close` removes its working file, which lies in `directory`. */
export function openTextSorter(directory: string): TextSorter & { close(): void } {
  return new SortedTexts(directory);
}

/** For one import; `close` removes its working file, which lies in `directory`. */
export function openImportPlan(directory: string): ImportPlan {
  return new PlanFile(directory);
}
