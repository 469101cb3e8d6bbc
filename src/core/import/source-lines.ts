import type { BlobStore } from '../../blob-store/blob-store.ts';
import { BlobStoreError } from '../../blob-store/blob-store.ts';

/** What one line of a source says. */
export type SourceLine = { readonly line: number } & (
  | {
      readonly kind: 'row';
      /** Null where the source does not say. */
      readonly key: string | null;
      readonly fileIds: readonly string[];
      readonly detail: string | null;
    }
  | {
      readonly kind: 'logged';
      readonly fileId: string;
      /** Seconds since 1970. */
      readonly time: number;
      readonly isThere: boolean;
    }
  /** It names no file that could have a key: `what` in the plural, for a report. */
  | { readonly kind: 'passed-over'; readonly what: string }
  | { readonly kind: 'malformed'; readonly problem: string; readonly text: string }
);

/** Longer lines are cut in reports. */
const TEXT_LENGTH_MAX = 200;

export function malformed(line: number, problem: string, text: string): SourceLine {
  return { line, kind: 'malformed', problem, text: text.slice(0, TEXT_LENGTH_MAX) };
}

/**
 * A file ID as programs keep it: with the host of a URL, a slash in front, or a query behind. Null
 * for what is none.
 */
export function readGivenId(text: string, blobs: Pick<BlobStore, 'describeFile'>): string | null {
  const fileId = text
    .trim()
    .replace(/^https?:\/\/[^/]*/i, '')
    .replace(/^\/+/, '')
    .replace(/[?#].*$/, '');
  try {
    blobs.describeFile(fileId);
    return fileId;
  } catch (error) {
    if (error instanceof BlobStoreError) return null;
    throw error;
  }
}
