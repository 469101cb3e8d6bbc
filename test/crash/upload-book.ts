import type { PartContent, Value } from './content.ts';
import type { Write } from './key-history.ts';

/** A part number of an upload. */
export interface UploadedPart {
  /** Acknowledged last; null before the first. */
  acknowledged: PartContent | null;
  /** Sent and not answered; it may have taken the other's place or not. */
  unanswered: PartContent | null;
}

interface Completion {
  readonly write: Write;
  readonly partNumbers: readonly number[];
  readonly value: Value;
}

type UploadState = 'creating' | 'open' | 'completing' | 'completed' | 'aborting' | 'aborted';

/** A multipart upload as the harness knows it. One client at a time works on it. */
export interface Upload {
  readonly key: string;
  readonly tag: string;
  /** Null while it is being created, or when that was never answered. */
  uploadId: string | null;
  readonly parts: Map<number, UploadedPart>;
  state: UploadState;
  completion: Completion | null;
}

/** Uploads that were begun since the book was cleared. */
export class UploadBook {
  readonly #uploads: Upload[] = [];

  begin(key: string, tag: string): Upload {
    const upload: Upload = {
      key,
      tag,
      uploadId: null,
      parts: new Map(),
      state: 'creating',
      completion: null,
    };
    this.#uploads.push(upload);
    return upload;
  }

  get uploads(): readonly Upload[] {
    return this.#uploads;
  }

  /** Parts that were sent and not answered. */
  get unansweredParts(): UploadedPart[] {
    return this.#uploads
      .flatMap(({ parts }) => [...parts.values()])
      .filter(({ unanswered }) => unanswered !== null);
  }

  clear(): void {
    this.#uploads.length = 0;
  }
}

export function partOf(upload: Upload, partNumber: number): UploadedPart {
  let part = upload.parts.get(partNumber);
  if (!part) {
    part = { acknowledged: null, unanswered: null };
    upload.parts.set(partNumber, part);
  }
  return part;
}
