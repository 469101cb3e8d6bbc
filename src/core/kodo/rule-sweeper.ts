import type { ListedObject } from '../../object-index/listing-requests.ts';
import type { Bucket } from '../../object-index/records.ts';
import { BackgroundLoop } from '../../support/background-loop.ts';
import { type ExpiryRule, expiryRules } from '../expiry-rules.ts';
import { expiryAfterDays } from '../local-time.ts';
import type { CoreServices } from '../services.ts';

const pageSize = 1000;

export interface RuleSweeperOptions {
  /** Where the days of rules end and begin: `Asia/Shanghai`. */
  readonly timeZone: string;
  /** Rest between two walks over the buckets that have rules. */
  readonly intervalMs?: number;
}

/**
 * Finds objects that have been there for as many days as a rule of their bucket gives them, in the
 * background, and says that their time has come: the expiry sweeper deletes them, as object lock and
 * versions let it. Nothing is noted before, so that a rule that goes is as if it had never been.
 */
export class RuleSweeper {
  readonly #core: Pick<CoreServices, 'index' | 'logger' | 'now'>;
  readonly #timeZone: string;
  readonly #loop: BackgroundLoop;

  constructor(
    core: Pick<CoreServices, 'index' | 'logger' | 'now'>,
    { timeZone, intervalMs = 3_600_000 }: RuleSweeperOptions,
  ) {
    this.#core = core;
    this.#loop = new BackgroundLoop(() => this.sweep(), {
      intervalMs,
      onError: (err) => core.logger.error({ err }, 'the rules of buckets cannot be applied'),
    });
    this.#timeZone = timeZone;
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** Rejects when the index fails. */
  async sweep(): Promise<void> {
    const { index } = this.#core;
    for (let after = ''; !this.#loop.signal.aborted; ) {
      const page = await index.listBuckets({ ownerId: null, prefix: '', after, limit: pageSize });
      for (const { name } of page) {
        const bucket = await index.findBucket(name);
        if (bucket) await this.#sweepBucket(bucket);
      }
      if (page.length < pageSize) return;
      after = page.at(-1)?.name ?? '';
    }
  }

  async #sweepBucket(bucket: Bucket): Promise<void> {
    for (const rule of expiryRules.of(bucket) ?? []) {
      if (rule.deleteAfterDays > 0) await this.#apply(bucket, rule);
    }
  }

  async #apply({ id: bucketId }: Bucket, { prefix, deleteAfterDays }: ExpiryRule): Promise<void> {
    const { index, now } = this.#core;
    let next: { after: string; resumeAfter: string | null } | null = {
      after: '',
      resumeAfter: null,
    };
    while (next !== null && !this.#loop.signal.aborted) {
      const wanted = { bucketId, prefix, delimiter: '', limit: pageSize, includesEmptyKey: true };
      const page = await index.listObjects({ ...wanted, ...next });
      // Side by side, so that the writes of a page share transactions.
      await Promise.all(
        page.objects.map(async (object) => {
          const dueMs = expiryAfterDays(object.lastModifiedMs, deleteAfterDays, this.#timeZone);
          if (dueMs <= now()) await this.#expire(bucketId, object, dueMs);
        }),
      );
      const { nextAfter, resumeAfter } = page;
      next = nextAfter === null ? null : { after: nextAfter, resumeAfter };
    }
  }

  async #expire(bucketId: number, listed: ListedObject, expiresAtMs: number): Promise<void> {
    const { index } = this.#core;
    const { key } = listed;
    const object = await index.findObject(bucketId, key);
    if (!object || object.isDeleteMarker) return;
    // Another one by now, with all its days before it.
    if (object.lastModifiedMs !== listed.lastModifiedMs) return;
    if (object.expiresAtMs !== null && object.expiresAtMs <= expiresAtMs) return;
    const { id: objectId, versionId } = object;
    const change = { expiresAtMs };
    await index.changeObject({ ...{ bucketId, key, objectId, change }, versionId });
  }
}
