import type { Value } from './content.ts';

/** The bucket that has versions. */
export const VERSIONED_BUCKET = 'crash-versions';

export interface BookedVersion {
  readonly key: string;
  readonly versionId: string;
  /** Null for a delete marker. */
  readonly value: Value | null;
}

/** A write without an answer: it has made a version whose id nobody was told, or nothing. */
export interface OpenWrite {
  readonly key: string;
  readonly value: Value | null;
}

/** Which versions there must be, may be, and must not be. */
export class VersionBook {
  readonly #there = new Map<string, BookedVersion>();
  readonly #maybeGone = new Set<string>();
  readonly #gone = new Set<string>();
  readonly #open = new Set<OpenWrite>();
  /** Those that were acknowledged since the last time that all were known. */
  readonly #unread = new Set<string>();

  begin(write: OpenWrite): void {
    this.#open.add(write);
  }

  /** Acknowledged with that version id, or refused when null. */
  end(write: OpenWrite, versionId: string | null): void {
    this.#open.delete(write);
    if (versionId === null) return;
    this.#there.set(versionId, { ...write, versionId });
    this.#unread.add(versionId);
  }

  beginDeletion(versionId: string): void {
    this.#maybeGone.add(versionId);
  }

  endDeletion(versionId: string): void {
    this.#gone.add(versionId);
  }

  get versions(): readonly BookedVersion[] {
    return [...this.#there.values()].filter(({ versionId }) => !this.#gone.has(versionId));
  }

  /** What is not as it must be, given all versions that are listed; empty when nothing. */
  disagreements(
    listed: readonly { versionId: string; key: string; etag: string | null }[],
  ): unknown[] {
    const wrong: unknown[] = [];
    const found = new Set<string>();
    const open = new Set(this.#open);
    for (const version of listed) {
      const { versionId, key, etag } = version;
      found.add(versionId);
      const booked = this.#there.get(versionId);
      const isSame = (write: OpenWrite) =>
        write.key === key && (write.value?.etag ?? null) === etag;
      if (this.#gone.has(versionId)) wrong.push({ version, problem: 'it was deleted' });
      else if (booked && !isSame(booked)) wrong.push({ version, booked, problem: 'it is another' });
      else if (!booked) {
        // Each write without an answer accounts for one version.
        const write = [...open].find(isSame);
        if (write) open.delete(write);
        else wrong.push({ version, problem: 'nobody wrote it' });
      }
    }
    for (const booked of this.#there.values()) {
      const { versionId } = booked;
      if (found.has(versionId) || this.#maybeGone.has(versionId)) continue;
      wrong.push({ booked, problem: 'it is lost' });
    }
    return wrong;
  }

  /** Versions that are there and were not read yet. */
  get unread(): readonly BookedVersion[] {
    return [...this.#unread].flatMap((versionId) => this.#there.get(versionId) ?? []);
  }

  /** Nothing is under way any more, and these were found. */
  settle(listed: readonly { versionId: string; key: string; etag: string | null }[]): void {
    const values = new Map<string | null, Value | null>([[null, null]]);
    for (const { value } of [...this.#there.values(), ...this.#open]) {
      values.set(value?.etag ?? null, value);
    }
    this.#there.clear();
    for (const { versionId, key, etag } of listed) {
      this.#there.set(versionId, { versionId, key, value: values.get(etag) ?? null });
    }
    for (const set of [this.#maybeGone, this.#gone, this.#open, this.#unread]) set.clear();
  }
}
