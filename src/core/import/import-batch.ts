import type { ImportedObject } from '../../object-index/file-requests.ts';
import type { PlacedRow } from '../../object-index/import-records.ts';
import { settleAll } from '../../support/settle-all.ts';
import { GatewayError } from '../errors.ts';
import { quotaExceeded } from '../quotas.ts';
import type { CoreServices } from '../services.ts';
import { type ImportOptions, RowFailure, type RowOutcome } from './import-request.ts';
import { prepareObject } from './prepare-object.ts';

/** Rows of one transaction: some tens of milliseconds, in which other writes wait. */
const batchSizeMax = 1_000;
/** Segments of one transaction, unless one object has more. */
const segmentsMax = 10_000;

export interface RowResult {
  readonly row: PlacedRow;
  readonly outcome: RowOutcome;
  /** Null where the outcome says all. */
  readonly problem: string | null;
}

/** Rows as they are imported at once: each key once. */
export function* batchesOf(rows: Iterable<PlacedRow>): Generator<readonly PlacedRow[]> {
  let batch: PlacedRow[] = [];
  let segmentCount = 0;
  for (const row of rows) {
    const isFull = batch.length === batchSizeMax || segmentCount >= segmentsMax;
    if (batch.length > 0 && (isFull || batch.at(-1)?.key === row.key)) {
      yield batch;
      batch = [];
      segmentCount = 0;
    }
    batch.push(row);
    segmentCount += row.fileIds.length;
  }
  if (batch.length > 0) yield batch;
}

/**
 * Imports rows of different keys in one transaction, and tells of each. Throws `QuotaExceeded`, when
 * none of them was imported, `NoSuchBucket`, what the index throws, or the signal's reason.
 */
export async function importBatch(
  core: Pick<CoreServices, 'index' | 'blobs' | 'now'>,
  rows: readonly PlacedRow[],
  options: ImportOptions,
  signal: AbortSignal,
): Promise<readonly RowResult[]> {
  const failures = new Map<PlacedRow, RowFailure>();
  const objects = new Map<PlacedRow, ImportedObject>();
  const waiting = rows.values();
  const worker = async () => {
    // The workers share one iterator: each takes the next that none has taken.
    for (const row of waiting) {
      try {
        objects.set(row, await prepareObject(core, row, options, signal));
      } catch (error) {
        if (!(error instanceof RowFailure)) throw error;
        failures.set(row, error);
      }
    }
  };
  await settleAll(Array.from({ length: options.concurrencyMax }, worker));
  signal.throwIfAborted();
  const outcomes = await write(core, rows, objects, options);
  return rows.map((row) => {
    const failure = failures.get(row);
    if (failure) return { row, outcome: failure.outcome, problem: failure.message };
    return { row, outcome: outcomes.get(row) ?? 'changed', problem: null };
  });
}

async function write(
  { index }: Pick<CoreServices, 'index'>,
  rows: readonly PlacedRow[],
  prepared: ReadonlyMap<PlacedRow, ImportedObject>,
  { bucket, overwrites, isDryRun }: ImportOptions,
): Promise<ReadonlyMap<PlacedRow, RowOutcome>> {
  // Workers end in any order; files go to the keys in theirs.
  const asked = rows.filter((row) => prepared.has(row));
  const objects = asked.flatMap((row) => prepared.get(row) ?? []);
  const request = { bucketId: bucket.id, overwrites, isDryRun, objects };
  const done = await index.importObjects(request);
  if (done.outcome === 'no-such-bucket') {
    throw new GatewayError('NoSuchBucket', { BucketName: bucket.name });
  }
  if (done.outcome === 'quota-exceeded') throw quotaExceeded(done);
  return new Map(asked.map((row, position) => [row, done.outcomes[position] ?? 'changed']));
}
