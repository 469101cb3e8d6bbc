import type { PurgeCalls } from './purge-calls.ts';
import type { SeenTargets } from './seen-targets.ts';

/** By which URLs files are known, and who keeps copies of them. */
export interface PurgeRules {
  /**
   * URLs in front of paths, without slash at their ends: `http://tier1/purge`. One with `{bucket}`
   * and `{key}` is called for objects instead, by their keys.
   */
  readonly urls: readonly string[];
  /** Paths in front of file IDs that are files too, without slashes. */
  readonly prefixes: readonly string[];
  /** Whose files are known without their group as well; null for none. */
  readonly defaultGroup: string | null;
}

const placeholder = /\{(bucket|key)\}/;

/** Makes caches in front of the gateway forget what changed. Never fails, and nobody waits for it. */
export class Purger {
  readonly #rules: PurgeRules;
  readonly #calls: PurgeCalls;
  readonly #seen: SeenTargets;
  readonly #fileUrls: readonly string[];
  readonly #objectUrls: readonly string[];

  constructor(rules: PurgeRules, calls: PurgeCalls, seen: SeenTargets) {
    this.#rules = rules;
    this.#calls = calls;
    this.#seen = seen;
    this.#fileUrls = rules.urls.filter((url) => !placeholder.test(url));
    this.#objectUrls = rules.urls.filter((url) => placeholder.test(url));
  }

  /** Whether more may be handed over at once. */
  get hasRoom(): boolean {
    return this.#calls.hasRoom;
  }

  /** Whether objects have URLs by their keys. */
  get knowsObjects(): boolean {
    return this.#objectUrls.length > 0;
  }

  purgeFile(fileId: string): void {
    if (this.#fileUrls.length === 0) return;
    const paths = new Set([...this.#pathsOf(fileId), ...this.#seen.find(fileId)]);
    for (const url of this.#fileUrls) this.#calls.add(Array.from(paths, (path) => url + path));
  }

  purgeObject(bucketName: string, key: string): void {
    const encodedKey = key.split('/').map(encodeURIComponent).join('/');
    const values = { bucket: encodeURIComponent(bucketName), key: encodedKey };
    this.#calls.add(
      this.#objectUrls.map((url) =>
        url.replace(/\{(bucket|key)\}/g, (_all, name: 'bucket' | 'key') => values[name]),
      ),
    );
  }

  #pathsOf(fileId: string): string[] {
    const { prefixes, defaultGroup } = this.#rules;
    const paths = [`/${fileId}`, `/download/${fileId}`];
    if (defaultGroup !== null && fileId.startsWith(`${defaultGroup}/`)) {
      paths.push(fileId.slice(defaultGroup.length));
    }
    return [...paths, ...prefixes.map((prefix) => `/${prefix}/${fileId}`)];
  }
}
