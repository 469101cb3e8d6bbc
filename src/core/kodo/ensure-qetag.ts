import type { ObjectIndex } from '../../object-index/object-index.ts';
import type { ObjectRecord } from '../../object-index/records.ts';
import { Turnstile } from '../../support/turnstile.ts';
import { GatewayError } from '../errors.ts';
import { isGone, openObject } from '../open-object.ts';
import { RunningQetag } from '../qetag.ts';
import type { CoreServices } from '../services.ts';

/** Objects that are read for their hash at a time, in one process: while somebody waits, or not. */
const concurrentReadsMax = { awaited: 4, awaitedLarge: 2, prepared: 2 } as const;
/** Bytes of an object from which on its read may take so long that others must not stand behind it. */
const largeSizeBytes = 64 * 1024 ** 2;
/** Those that wait for their turn; more are refused, or left for another time. */
const waitingReadsMax = 2000;

/** Reads under way and waiting, by object and content. */
class QetagReads {
  readonly #turnstile: Turnstile;
  readonly #reads = new Map<string, Promise<string | null>>();

  constructor(tasksMax: number) {
    this.#turnstile = new Turnstile(tasksMax);
  }

  get isFull(): boolean {
    return this.#reads.size >= waitingReadsMax;
  }

  /** Joins the read of the same content that is under way already. */
  read(object: ObjectRecord, compute: () => Promise<string | null>): Promise<string | null> {
    const name = `${object.id} ${object.etag}`;
    const known = this.#reads.get(name);
    if (known !== undefined) return known;
    const read = this.#turnstile.run(compute).finally(() => this.#reads.delete(name));
    this.#reads.set(name, read);
    return read;
  }
}

/** Those for which somebody waits never stand behind the others. */
interface QetagLanes {
  readonly awaited: QetagReads;
  readonly awaitedLarge: QetagReads;
  readonly prepared: QetagReads;
}

const lanesOf = new WeakMap<ObjectIndex, QetagLanes>();

function lanes({ index }: CoreServices): QetagLanes {
  const found = lanesOf.get(index) ?? {
    awaited: new QetagReads(concurrentReadsMax.awaited),
    awaitedLarge: new QetagReads(concurrentReadsMax.awaitedLarge),
    prepared: new QetagReads(concurrentReadsMax.prepared),
  };
  lanesOf.set(index, found);
  return found;
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
  if (object.qetag !== null) return object.qetag;
  const { awaited, awaitedLarge } = lanes(core);
  const lane = object.size < largeSizeBytes ? awaited : awaitedLarge;
  if (lane.isFull) throw new GatewayError('SlowDown');
  return await lane.read(object, () => computeQetag(core, object));
}

/** As `ensureQetag` in the background; does nothing when very many wait already. */
export function prepareQetag(core: CoreServices, object: ObjectRecord): void {
  const { prepared } = lanes(core);
  if (object.qetag !== null || prepared.isFull) return;
  prepared
    .read(object, async () => {
      const { bucketId, key, versionId, id } = object;
      // Somebody may have needed it meanwhile, or the object is gone.
      const current = await core.index.findObject(bucketId, key, versionId);
      if (current?.id !== id || current.qetag !== null) return null;
      return await computeQetag(core, current);
    })
    .catch((error: unknown) => {
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
