import type { KodoAttributes } from '../../object-index/records.ts';

/** Kodo's numbers of storage classes, by S3's names; those that are not here count as 0. */
const fileTypes: Readonly<Record<string, number>> = {
  STANDARD: 0,
  STANDARD_IA: 1,
  ONEZONE_IA: 1,
  GLACIER: 2,
  DEEP_ARCHIVE: 3,
  GLACIER_IR: 4,
  INTELLIGENT_TIERING: 5,
};

/** From the warmest to the coldest, as objects get colder with time. */
const coldness = ['STANDARD', 'STANDARD_IA', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'];

/** S3's name of a type; null for a number that is none. */
export function storageClassOf(fileType: number): string | null {
  const found = Object.entries(fileTypes).find(([, number]) => number === fileType);
  return found ? found[0] : null;
}

/**
 * The type of an object, with the transitions of its life cycle that are due by now: nothing moves,
 * only what is told of it changes.
 */
export function fileTypeOf(
  storageClass: string | null,
  { transitions = {} }: KodoAttributes,
  nowMs: number,
): number {
  let coldest = storageClass ?? 'STANDARD';
  for (const [name, atMs] of Object.entries(transitions)) {
    const isColder = coldness.indexOf(name) > coldness.indexOf(coldest);
    if (atMs <= nowMs && isColder) coldest = name;
  }
  return fileTypes[coldest] ?? 0;
}
