import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import { GatewayError } from '../errors.ts';
import { putObject } from '../put-object.ts';
import type { CoreServices } from '../services.ts';
import type { SpooledContent } from '../spool/spooled-content.ts';
import type { BucketOrigin } from './bucket-origin.ts';
import { describedObject, objectOf } from './described-object.ts';
import type { OriginBody, OriginSource, PulledObject, PullOutcome } from './origin.ts';
import { originFailure } from './origin-failure.ts';
import { checkOriginSize, fillFromOrigin } from './pulled-bytes.ts';

export interface PullRequest {
  readonly bucket: Bucket;
  readonly key: string;
  readonly origin: BucketOrigin;
  readonly source: OriginSource;
  /** Ends it: the gateway stops. Clients that leave do not. */
  readonly signal: AbortSignal;
}

/**
 * One fetch of one object from an origin into the spool, from where it is stored and served to all
 * who ask meanwhile.
 */
export class Pull {
  /** Known as soon as the origin has described the object. Rejects with `GatewayError`. */
  readonly outcome: Promise<PullOutcome>;
  /** When nothing is done for it any more. Never rejects. */
  readonly ended: Promise<void>;
  readonly #core: CoreServices;
  readonly #request: PullRequest;
  readonly #spooled: SpooledContent;
  #isReleased = false;

  constructor(core: CoreServices, request: PullRequest) {
    this.#core = core;
    this.#request = request;
    this.#spooled = core.spool.create();
    const { promise, resolve, reject } = withResolvers<PullOutcome>();
    this.outcome = promise;
    // It may fail when nobody waits for it any more.
    promise.catch(() => {});
    this.ended = this.#run(resolve)
      .catch((error: unknown) => {
        this.#logFailure(error);
        reject(originFailure(error));
      })
      .finally(() => {
        this.#isReleased = true;
        this.#spooled.release();
      });
  }

  async #run(tell: (outcome: PullOutcome) => void): Promise<void> {
    const { bucket, key, origin, source, signal } = this.#request;
    // Another pull may have ended between the look-up that missed and this one's beginning.
    if (await this.#core.index.findObject(bucket.id, key)) return tell('stored');
    const answer = await source.open(key, signal);
    if (!answer) return tell('missing');
    try {
      checkOriginSize(answer.head, origin.sizeBytesMax);
    } catch (error) {
      answer.body.destroy();
      throw error;
    }
    const described = describedObject(bucket, key, answer.head, this.#core.now());
    if (!described) return await this.#storeWhenComplete(answer, tell);
    tell(this.#pulled(described));
    await this.#storeWhileItComes(answer, described);
  }

  async #storeWhileItComes(answer: OriginBody, object: ObjectRecord): Promise<void> {
    const filling = this.#fill(answer);
    const storing = this.#store(object, answer);
    const [filled] = await Promise.allSettled([filling, storing]);
    if (filled.status === 'rejected') throw filled.reason;
  }

  /** Only the end of the body tells its size or its ETag. */
  async #storeWhenComplete(
    answer: OriginBody,
    tell: (outcome: PullOutcome) => void,
  ): Promise<void> {
    const { bucket, key } = this.#request;
    const md5 = await this.#fill(answer);
    const facts = { size: this.#spooled.size, md5 };
    const nowMs = this.#core.now();
    const head = { ...answer.head, ...facts };
    const etag = describedObject(bucket, key, head, nowMs)?.etag ?? md5.toString('hex');
    const object = objectOf(bucket, key, { head, size: facts.size, etag, nowMs });
    tell(this.#pulled(object));
    await this.#store(object, answer);
  }

  #fill(answer: OriginBody): Promise<Buffer> {
    const { origin, signal } = this.#request;
    return fillFromOrigin(this.#spooled, answer, { sizeBytesMax: origin.sizeBytesMax, signal });
  }

  #pulled(object: ObjectRecord): PulledObject {
    return {
      object,
      open: (range) => {
        if (this.#isReleased) return null;
        return this.#spooled.open(
          range ? { start: range.start, end: range.start + range.size } : {},
        );
      },
    };
  }

  /** Never rejects: whoever reads the bytes gets them, also when they cannot be kept. */
  async #store(object: ObjectRecord, { head }: OriginBody): Promise<void> {
    const { bucket, key, signal } = this.#request;
    const { size, etag, lastModifiedMs, headers, userMetadata } = object;
    try {
      await putObject(this.#core, {
        bucket,
        key,
        caller: { userId: bucket.ownerId },
        description: { headers, userMetadata },
        content: {
          size,
          checksumAlgorithm: null,
          declaresSha256: false,
          open: () => this.#spooled.open(),
          declared: () => (head.md5 ? { md5: head.md5 } : {}),
        },
        // What a client has put or deleted meanwhile is newer.
        condition: { ifUnwritten: true },
        kept: { etag, lastModifiedMs, ...(head.qetag !== null && { qetag: head.qetag }) },
        signal,
      });
    } catch (error) {
      const isOvertaken = error instanceof GatewayError && error.code === 'PreconditionFailed';
      // The failure of the bytes themselves is told by whoever fills the spool.
      if (!isOvertaken && !this.#spooled.failure) this.#logFailure(error);
    }
  }

  #logFailure(error: unknown): void {
    const { bucket, key, signal } = this.#request;
    if (signal.aborted) return;
    const facts = { err: error, bucket: bucket.name, key };
    this.#core.logger.warn(facts, 'an object of an origin could not be fetched or stored');
  }
}

/** Not in Node 20. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
