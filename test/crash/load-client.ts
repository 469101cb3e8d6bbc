import { setTimeout as sleep } from 'node:timers/promises';
import type { SentContent } from './content.ts';
import { NotSentError } from './http-connection.ts';
import { moveByKodo, putByBlocks, putByForm } from './kodo-writes.ts';
import { runUpload } from './load-upload.ts';
import type { LogShelf } from './log-book.ts';
import { useLogs } from './log-writes.ts';
import { readObject } from './object-reads.ts';
import { copyObject, deleteObject, deleteObjects, putObject } from './object-writes.ts';
import type { Random } from './random.ts';
import { NoAnswerError, type Requests } from './requests.ts';
import type { UploadBook } from './upload-book.ts';
import type { VersionBook } from './version-book.ts';
import { deleteVersion, markDeleted, putVersion } from './version-writes.ts';

const KIB = 1024;
const RETRY_AFTER_MS = 20;

/** How often each thing is done; numbers are relative. */
const WEIGHTS = {
  'put-own': 30,
  'put-hot': 10,
  'create-once': 6,
  'create-hot': 3,
  'replace-own': 4,
  'delete-own': 8,
  'delete-hot': 3,
  'delete-several': 2,
  'copy-own': 7,
  'copy-to-hot': 3,
  'copy-from-hot': 4,
  'copy-onto-itself': 4,
  upload: 4,
  'kodo-form': 8,
  'kodo-blocks': 4,
  'kodo-move': 4,
  'put-version': 10,
  'mark-deleted': 3,
  'delete-version': 10,
  'use-logs': 14,
  'read-own': 6,
  'read-hot': 5,
} as const;

const SIZES = { 0: 10, [KIB]: 45, [4 * KIB]: 27, [300 * KIB]: 15, [2.5 * KIB * KIB]: 3 } as const;

/** Keys that the clients of a round write to. */
interface LoadKeys {
  /** Of this client alone. */
  readonly own: readonly string[];
  /** Of all clients. */
  readonly hot: readonly string[];
  /** Only ever created, by whoever comes first; new in each round. */
  readonly once: readonly string[];
}

export interface LoadSettings {
  /** Unique among the clients of all rounds. */
  readonly name: string;
  readonly keys: LoadKeys;
  /** Of the versioned bucket, whose keys are those of all clients. */
  readonly versions: VersionBook;
  /** Of this client alone. */
  readonly logs: LogShelf;
  readonly segmentSizeBytes: number;
  /** An object that nobody changes, for parts that are copied. */
  readonly base: { readonly key: string; readonly content: Buffer };
}

/** Does one thing after the other, as chosen by its random numbers, until it is stopped. */
export class LoadClient {
  readonly requests: Requests;
  readonly uploads: UploadBook;
  readonly random: Random;
  readonly settings: LoadSettings;
  #sequence = 0;

  constructor(requests: Requests, uploads: UploadBook, random: Random, settings: LoadSettings) {
    this.requests = requests;
    this.uploads = uploads;
    this.random = random;
    this.settings = settings;
  }

  /** Rejects with the first `Violation`; a gateway that goes away is none. */
  async run(stop: AbortSignal): Promise<void> {
    try {
      while (!stop.aborted) await this.#actPatiently();
    } finally {
      this.requests.close();
    }
  }

  async #actPatiently(): Promise<void> {
    try {
      await this.#act();
    } catch (error) {
      if (!(error instanceof NoAnswerError || error instanceof NotSentError)) throw error;
      // The one process that it talked to may be gone and others not.
      await sleep(RETRY_AFTER_MS);
    }
  }

  /** Names content that nobody else has. */
  newTag(): string {
    this.#sequence += 1;
    return `${this.settings.name}-${this.#sequence}`;
  }

  get ownKey(): string {
    return this.random.pick(this.settings.keys.own);
  }

  get hotKey(): string {
    return this.random.pick(this.settings.keys.hot);
  }

  async #act(): Promise<unknown> {
    const { requests, random, settings } = this;
    switch (random.weighted(WEIGHTS)) {
      case 'put-own':
        return await this.#put(this.ownKey);
      case 'put-hot':
        return await this.#put(this.hotKey);
      case 'create-once':
        return await this.#put(random.pick(settings.keys.once), { ifNoneMatch: '*' });
      case 'create-hot':
        return await this.#put(this.hotKey, { ifNoneMatch: '*' });
      case 'replace-own':
        return await this.#replace(this.ownKey);
      case 'delete-own':
        return await deleteObject(requests, this.ownKey);
      case 'delete-hot':
        return await deleteObject(requests, this.hotKey);
      case 'delete-several':
        return await deleteObjects(requests, this.#severalKeys());
      case 'copy-own':
        return await copyObject(requests, this.ownKey, this.ownKey);
      case 'copy-to-hot':
        return await copyObject(requests, this.ownKey, this.hotKey);
      case 'copy-from-hot':
        return await copyObject(
          requests,
          this.hotKey,
          random.chance(0.5) ? this.ownKey : this.hotKey,
        );
      case 'copy-onto-itself':
        return await this.#copyOntoItself();
      case 'upload':
        return await runUpload(this);
      case 'kodo-form':
        return await putByForm(
          requests,
          random.chance(0.7) ? this.ownKey : this.hotKey,
          this.#newContent(),
        );
      case 'kodo-blocks':
        return await putByBlocks(requests, this.ownKey, this.#newContent());
      case 'kodo-move':
        return await this.#move();
      case 'put-version':
        return await this.#putVersion();
      case 'mark-deleted':
        return await markDeleted(requests, settings.versions, this.hotKey);
      case 'delete-version':
        return await this.#deleteVersion();
      case 'use-logs':
        return await this.#useLogs();
      case 'read-own':
        return await readObject(requests, this.ownKey);
      case 'read-hot':
        return await readObject(requests, this.hotKey);
    }
  }

  async #put(
    key: string,
    condition?: { readonly ifNoneMatch: '*' } | { readonly ifMatch: string },
  ): Promise<void> {
    await putObject(this.requests, key, { ...this.#newContent(), ...(condition && { condition }) });
  }

  #newContent(): SentContent {
    const { segmentSizeBytes } = this.settings;
    const sizeBytes = Number(this.random.weighted(SIZES));
    return { tag: this.newTag(), sizeBytes, segmentSizeBytes };
  }

  /** Of this client's keys alone: what others do meanwhile would have to be known. */
  async #move(): Promise<void> {
    const [sourceKey, key] = [this.ownKey, this.ownKey];
    if (sourceKey !== key) await moveByKodo(this.requests, sourceKey, key);
  }

  async #putVersion(): Promise<void> {
    const { segmentSizeBytes, versions } = this.settings;
    const sizeBytes = this.random.integer(1, 8 * KIB);
    const sent = { tag: this.newTag(), sizeBytes, segmentSizeBytes };
    await putVersion(this.requests, versions, this.hotKey, sent);
  }

  async #useLogs(): Promise<void> {
    const { logs: shelf, segmentSizeBytes } = this.settings;
    const content = { tag: this.newTag(), segmentSizeBytes };
    await useLogs({ requests: this.requests, shelf }, this.random, content);
  }

  async #deleteVersion(): Promise<void> {
    const { versions } = this.settings;
    const there = versions.versions;
    if (there.length === 0) return await this.#putVersion();
    await deleteVersion(this.requests, versions, this.random.pick(there));
  }

  async #replace(key: string): Promise<void> {
    const held = await readObject(this.requests, key);
    if (held) await this.#put(key, { ifMatch: held.etag });
  }

  async #copyOntoItself(): Promise<void> {
    const key = this.random.chance(0.7) ? this.ownKey : this.hotKey;
    await copyObject(this.requests, key, key);
  }

  #severalKeys(): string[] {
    const keys = Array.from({ length: this.random.integer(2, 6) }, () => this.ownKey);
    if (this.random.chance(0.5)) keys.push(this.hotKey);
    return [...new Set(keys)];
  }
}
