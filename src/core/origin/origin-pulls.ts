import { setMaxListeners } from 'node:events';
import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import { GatewayError } from '../errors.ts';
import type { CoreServices } from '../services.ts';
import { bucketOrigin } from './bucket-origin.ts';
import { describedObject } from './described-object.ts';
import type { OriginHead, OriginSource, Origins, PullOutcome, Pulls } from './origin.ts';
import { originFailure } from './origin-failure.ts';
import { Pull } from './pull.ts';
import { RecentMisses } from './recent-misses.ts';

/** Fetches at a time, of all buckets together; what comes on top is told to try again. */
const pullsMax = 64;
/** Questions for a HEAD at a time. */
const headsMax = 256;

/**
 * What this process is fetching from origins. All who miss the same key at the same time share one
 * fetch, and what an origin does not have is not asked for again for a while.
 */
export class OriginPulls implements Pulls {
  readonly #origins: Origins;
  readonly #core: () => CoreServices;
  readonly #pulls = new Map<string, Pull>();
  readonly #heads = new Map<string, Promise<OriginHead | 'unsupported' | null>>();
  readonly #misses: RecentMisses;
  readonly #stopping = new AbortController();

  /** `core` is asked for when the first fetch begins: it has these pulls in it. */
  constructor(origins: Origins, core: () => CoreServices) {
    this.#origins = origins;
    this.#core = core;
    // Each fetch listens to it, and there may be many.
    setMaxListeners(0, this.#stopping.signal);
    this.#misses = new RecentMisses(() => core().now());
  }

  async open(bucket: Bucket, key: string, signal: AbortSignal): Promise<PullOutcome> {
    const name = nameOf(bucket, key);
    const pull = this.#pulls.get(name) ?? this.#start(bucket, key);
    if (!pull) return 'missing';
    const outcome = await unlessAborted(pull.outcome, signal);
    if (outcome === 'missing') this.#remember(bucket, name);
    return outcome;
  }

  async head(
    bucket: Bucket,
    key: string,
    signal: AbortSignal,
  ): Promise<ObjectRecord | 'missing' | 'stored'> {
    const name = nameOf(bucket, key);
    if (!this.#pulls.has(name)) {
      if (this.#misses.has(name)) return 'missing';
      const head = await unlessAborted(this.#sharedHead(bucket, key, name), signal);
      if (head === null) {
        this.#remember(bucket, name);
        return 'missing';
      }
      const object =
        head === 'unsupported' ? null : describedObject(bucket, key, head, this.#core().now());
      if (object) return object;
    }
    const outcome = await this.open(bucket, key, signal);
    return typeof outcome === 'string' ? outcome : outcome.object;
  }

  /** Ends all fetches, with nothing stored of what has not come whole. */
  async close(): Promise<void> {
    this.#stopping.abort(new GatewayError('ServiceUnavailable'));
    await this.idle();
  }

  /** Resolves when all that is being fetched now is stored, or failed. */
  async idle(): Promise<void> {
    await Promise.all([...this.#pulls.values()].map((pull) => pull.ended));
  }

  /** Null where the origin said lately that it has nothing. */
  #start(bucket: Bucket, key: string): Pull | null {
    const name = nameOf(bucket, key);
    if (this.#misses.has(name)) return null;
    this.#stopping.signal.throwIfAborted();
    if (this.#pulls.size >= pullsMax) throw tooMany();
    const { origin, source } = this.#sourceOf(bucket);
    const { signal } = this.#stopping;
    const pull = new Pull(this.#core(), { bucket, key, origin, source, signal });
    this.#pulls.set(name, pull);
    void pull.ended.then(() => this.#pulls.delete(name));
    return pull;
  }

  #sharedHead(bucket: Bucket, key: string, name: string) {
    const running = this.#heads.get(name);
    if (running !== undefined) return running;
    if (this.#heads.size >= headsMax) throw tooMany();
    const { source } = this.#sourceOf(bucket);
    const head = source
      .head(key, this.#stopping.signal)
      .catch((error: unknown) => {
        throw originFailure(error);
      })
      .finally(() => this.#heads.delete(name));
    this.#heads.set(name, head);
    return head;
  }

  #sourceOf(bucket: Bucket): {
    readonly origin: NonNullable<ReturnType<typeof bucketOrigin.of>>;
    readonly source: OriginSource;
  } {
    const origin = bucketOrigin.of(bucket);
    if (!origin) throw new Error(`Bucket ${bucket.id} has no origin.`);
    try {
      return { origin, source: this.#origins.sourceOf(bucket, origin) };
    } catch (error) {
      throw originFailure(error);
    }
  }

  #remember(bucket: Bucket, name: string): void {
    this.#misses.add(name, bucketOrigin.of(bucket)?.missTtlMs ?? 0);
  }
}

function nameOf(bucket: Bucket, key: string): string {
  return `${bucket.id}/${key}`;
}

function tooMany(): GatewayError {
  return new GatewayError('SlowDown', {
    message: 'The gateway fetches too many objects from origins at once. Try again later.',
  });
}

/** What goes on for others is not ended by one who leaves. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
