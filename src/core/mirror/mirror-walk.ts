import { setMaxListeners } from 'node:events';
import type { ObjectRecord } from '../../object-index/records.ts';
import type { CoreServices } from '../services.ts';
import { compare } from './compare.ts';
import { deleteExtra } from './delete-extra.ts';
import type { MirrorFailure, MirrorOptions } from './mirror-options.ts';
import type { SourceObject } from './mirror-source.ts';
import { transfer } from './transfer.ts';

/** Of what becomes of each object. */
export interface MirrorCounts {
  readonly copied: number;
  readonly copiedBytes: number;
  readonly same: number;
  /** Left alone, because they were written here later. */
  readonly newerHere: number;
  /** Written or deleted while they were compared, here or at the source. */
  readonly changed: number;
  readonly failed: number;
  readonly deleted: number;
}

export interface MirrorState extends MirrorCounts {
  /** All objects of the source up to this key are done, then all of the bucket's. */
  readonly cursor: string | null;
  readonly phase: 'copy' | 'delete';
  readonly isFinished: boolean;
  /** Objects that were looked at. */
  readonly fileCount: number;
}

export const newMirrorState: MirrorState = {
  ...{ cursor: null, phase: 'copy', isFinished: false, fileCount: 0 },
  ...{ copied: 0, copiedBytes: 0, same: 0, newerHere: 0, changed: 0, failed: 0, deleted: 0 },
};

interface Step {
  readonly state: MirrorState;
  readonly added: readonly MirrorFailure[];
}

/** Copies a bucket of another S3 into one of ours, a page of its listing at a time. */
export class MirrorWalk {
  readonly #core: CoreServices;
  readonly #options: MirrorOptions;

  constructor(core: CoreServices, options: MirrorOptions) {
    this.#core = core;
    this.#options = options;
  }

  /** Does one page. A page that is interrupted is done again: what it has copied is the same then. */
  async step(state: MirrorState, signal: AbortSignal): Promise<Step> {
    signal.throwIfAborted();
    return state.phase === 'copy'
      ? await this.#copyPage(state, signal)
      : await this.#deletePage(state, signal);
  }

  async #copyPage(state: MirrorState, signal: AbortSignal): Promise<Step> {
    const { source, concurrency, deletesExtra } = this.#options;
    const { objects, isLast } = await source.list(state.cursor, signal);
    const tally = { ...state };
    const added: MirrorFailure[] = [];
    // Each transfer ends with the page.
    const page = new AbortController();
    setMaxListeners(0, page.signal);
    const work = AbortSignal.any([signal, page.signal]);
    setMaxListeners(0, work);
    const waiting = objects.values();
    const workers = Array.from({ length: Math.min(concurrency, objects.length) }, async () => {
      for (const object of waiting) {
        const problem = await this.#mirror(object, tally, work);
        if (problem !== null) added.push({ key: object.key, problem });
        this.#options.onLook();
      }
    });
    try {
      await Promise.all(workers);
    } catch (error) {
      page.abort(error);
      await Promise.allSettled(workers);
      throw error;
    }
    const isFinished = isLast && !deletesExtra;
    const next = isLast
      ? { cursor: null, phase: 'delete' as const }
      : { cursor: objects.at(-1)?.key ?? state.cursor };
    const fileCount = state.fileCount + objects.length;
    return { state: { ...tally, ...next, isFinished, fileCount }, added };
  }

  /** Gives what is wrong, null for nothing. Throws only the signal's reason. */
  async #mirror(
    object: SourceObject,
    tally: { -readonly [Name in keyof MirrorCounts]: number },
    signal: AbortSignal,
  ): Promise<string | null> {
    const { bucket, source, replacesNewer, isDryRun, sourcePrefix, prefix } = this.#options;
    const key = prefix + object.key.slice(sourcePrefix.length);
    try {
      signal.throwIfAborted();
      const here: ObjectRecord | null = await this.#core.index.findObject(bucket.id, key);
      const comparison = compare(object, here, replacesNewer);
      if (comparison === 'same') tally.same += 1;
      else if (comparison === 'newer-here') tally.newerHere += 1;
      else {
        const request = { bucket, source, sourceKey: object.key, key, replaced: here };
        const outcome = isDryRun ? 'copied' : await transfer(this.#core, request, signal);
        if (outcome === 'copied') {
          tally.copied += 1;
          tally.copiedBytes += object.size;
        } else tally.changed += 1;
      }
      return null;
    } catch (error) {
      signal.throwIfAborted();
      tally.failed += 1;
      return (error as Error).message;
    }
  }

  async #deletePage(state: MirrorState, signal: AbortSignal): Promise<Step> {
    const page = await deleteExtra(this.#core, this.#options, state.cursor, signal);
    const failed = state.failed + page.failures.length;
    const deleted = state.deleted + page.deleted;
    const isFinished = page.isLast;
    return {
      state: { ...state, failed, deleted, isFinished, cursor: page.cursor },
      added: page.failures,
    };
  }
}
