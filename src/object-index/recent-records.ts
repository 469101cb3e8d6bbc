/**
 * Other processes (the command line) may change these records, so a found one is believed for no
 * longer than this: a revoked key stops working that soon. Processes that serve clients as well
 * must not be that late: what one has acknowledged, the next request to another one has to see.
 */
const BELIEVED_MS = 20;
const RECORDS_MAX = 10_000;

/** Reads of records that nearly every request needs and that hardly ever change. */
const rememberedReads: ReadonlySet<string> = new Set([
  'findBucket',
  'findBucketByDomain',
  'findBucketById',
  'findAccessKey',
]);

/** Writes after which none of these records is believed. */
const changingWrites: ReadonlySet<string> = new Set([
  'createBucket',
  'deleteBucket',
  'setBucketSetting',
  'setQuota',
  'setObjectLock',
  'setBucketVersioning',
  'putBucketDomain',
  'removeBucketDomain',
  'createUser',
  'removeUser',
  'putAccessKey',
  'removeAccessKey',
  'changeAccessKey',
  'putUserPolicy',
  'removeUserPolicy',
]);

/**
 * Buckets and access keys read a moment ago. Under load they are two of three reads of a small GET.
 * A change made through this process counts as soon as it is acknowledged.
 */
export class RecentRecords {
  readonly #records = new Map<string, unknown>();
  readonly #version: () => unknown;
  readonly #now: () => number;
  #believedUntilMs = 0;
  #readAtVersion: unknown;

  /** `version` gives another value once any other process has changed anything. */
  constructor({
    version = () => null,
    now = () => performance.now(),
  }: {
    readonly version?: () => unknown;
    readonly now?: () => number;
  } = {}) {
    this.#version = version;
    this.#now = now;
  }

  /** The record as it was read, or what `read` finds; that nothing was found is not remembered. */
  get(name: string, args: readonly unknown[], read: () => unknown): unknown {
    if (!rememberedReads.has(name)) return read();
    const now = this.#now();
    const version = this.#version();
    const isNews = version !== this.#readAtVersion || now >= this.#believedUntilMs;
    if (isNews || this.#records.size >= RECORDS_MAX) {
      this.#records.clear();
      this.#believedUntilMs = now + BELIEVED_MS;
      this.#readAtVersion = version;
    }
    const key = `${name} ${args[0]}`;
    const known = this.#records.get(key);
    if (known !== undefined) return known;
    const found = read();
    if (found !== null) this.#records.set(key, found);
    return found;
  }

  /** Does a write; what was read before its end is forgotten. */
  async whileWriting<Result>(name: string, write: () => Promise<Result>): Promise<Result> {
    if (!changingWrites.has(name)) return await write();
    try {
      return await write();
    } finally {
      this.#records.clear();
    }
  }
}
