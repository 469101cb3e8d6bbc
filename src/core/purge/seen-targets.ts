/** Files whose other URLs are remembered, … */
const filesMax = 10_000;
/** … URLs of each, … */
const targetsPerFileMax = 16;
/** … and characters of each, so that strangers cannot fill more than some 100 MiB with them. */
const targetLengthMax = 512;

/**
 * URLs by which public files were asked for, besides their plain ones: a cache that keeps answers by
 * the whole URL has an entry for each query. Of more than is remembered, the oldest are forgotten.
 */
export class SeenTargets {
  readonly #targets = new Map<string, Set<string>>();

  /** `target` is path and query as they came. */
  remember(fileId: string, target: string): void {
    if (target.length > targetLengthMax) return;
    const known = this.#targets.get(fileId);
    if (known) {
      if (known.size < targetsPerFileMax) known.add(target);
      return;
    }
    // A Map keeps insertion order: the first entry is the oldest.
    for (const oldest of this.#targets.keys()) {
      if (this.#targets.size < filesMax) break;
      this.#targets.delete(oldest);
    }
    this.#targets.set(fileId, new Set([target]));
  }

  find(fileId: string): readonly string[] {
    return [...(this.#targets.get(fileId) ?? [])];
  }
}
