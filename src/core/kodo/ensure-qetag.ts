import type { ObjectIndex } from '../../object-index/object-index.ts';
import type { ObjectRecord } from '../../object-index/records.ts';
import { Turnstile } from '../../support/turnstile.ts';
import { GatewayError } from '../errors.ts';
import { isGone, openObject } from '../open-object.ts';
import { RunningQetag } from '../qetag.ts';
import type { CoreServices } from '../services.ts';

/** Objects that are read for their hash at a time, in one process. */
const concurrentReadsMax = 4;
/** Those that wait for their turn; more are refused. */
const waitingReadsMax = 2000;

/** Reads under way and waiting, by object and content. */
class QetagReads {
  readonly #turnstile = new Turnstile(concurrentReadsMax);
  readonly #reads = new Map<string, Promise<string | null>>();

  /** Joins the read of the same content that is under way already. Throws `SlowDown`. */
  read(core: CoreServices, object: ObjectRecord): Promise<string | null> {
    const name = `${object.id} ${object.etag}`;
    const known = this.#reads.get(name);
    if (known !== undefined) return known;
    if (this.#reads.size >= waitingReadsMax) throw new GatewayError('SlowDown');
    const read = this.#turnstile
      .run(() => computeQetag(core, object))
      .finally(() => this.#reads.delete(name));
    this.#reads.set(name, read);
    return read;
  }

  get isFull(): boolean {
    return this.#reads.size >= waitingReadsMax;
  }
}

const readsOf = new WeakMap<ObjectIndex, QetagReads>();

function qetagReads({ index }: CoreServices): QetagReads {
  const reads = readsOf.get(index) ?? new QetagReads();
  readsOf.set(index, reads);
  return reads;
}

/**
 * Kodo's hash of an object: as it is stored, or read from its bytes once and stored with it. Goes on
 * when the client leaves, so that a repeated request finds what the first one was too impatient for.
 * Null when the object was replaced meanwhile. Throws `SlowDown`, and what reading throws.
 */
export async function ensureQetag(
  core: CoreServices,
  object: ObjectRecord,
): Promise<string | null> {
  return object.qetag ?? (await qetagReads(core).read(core, object));
}

/** As `ensureQetag` in the background; does nothing when very many wait already. */
export function prepareQetag(core: CoreServices, object: ObjectRecord): void {
  const reads = qetagReads(core);
  if (object.qetag !== null || reads.isFull) return;
  reads.read(core, object).catch((error: unknown) => {
    core.logger.warn({ err: error, objectId: object.id }, "an object's qetag cannot be computed");
  });
}

async function computeQetag(core: CoreServices, object: ObjectRecord): Promise<string | null> {
  const hash = new RunningQetag();
  try {
    const body = await openObject(core, object, null, new AbortController().signal);
    if (body) for await (const chunk of body as AsyncIterable<Buffer>) hash.update(chunk);
  } catch (error) {
    if (await isGone(core, object, error)) return null;
    throw error;
  }
  const qetag = hash.digest();
  const { bucketId, key, versionId, id: objectId, etag } = object;
  const stored = await core.index.changeObject({
    ...{ bucketId, key, versionId, objectId, expected: { etag }, change: { qetag } },
  });
  return stored.outcome === 'changed' ? qetag : null;
}
