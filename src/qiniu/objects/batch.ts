import { deleteEntries } from '../../core/kodo/delete-entries.ts';
import type { ObjectName } from '../../core/kodo/entries.ts';
import { toGatewayError } from '../../http/to-gateway-error.ts';
import { QiniuError, toQiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuResponse, QiniuServices } from '../operation.ts';
import { decodeSegment } from '../target.ts';
import type { ObjectContext, ObjectOperation, PreparedOperation } from './object-operation.ts';

/** https://developer.qiniu.com/kodo/1250/batch */
const operationsMax = 1000;
/** Operations that run at the same time, and deletions of one transaction. */
const waveSizeMax = 100;
const partlyFailed = 298;

interface BatchResult {
  readonly code: number;
  readonly data?: unknown;
}

/** An operation with its place in the batch. */
interface Placed {
  readonly place: number;
  readonly prepared: PreparedOperation;
}

/**
 * Operations in the order of the request, each by itself: one that fails does not hold up others.
 * Those that have no object in common run side by side.
 */
export async function runBatch(
  operations: readonly ObjectOperation[],
  request: QiniuRequest,
  services: QiniuServices,
): Promise<QiniuResponse> {
  const lines = operationLines(request.body.toString('latin1'));
  const results: BatchResult[] = new Array(lines.length);
  const context: ObjectContext = { access: request.access, services };
  let wave = new Wave();
  for (const [place, line] of lines.entries()) {
    const prepared = prepare(operations, line);
    if (prepared instanceof QiniuError) {
      results[place] = failed(prepared);
      continue;
    }
    if (!wave.takes(prepared)) {
      await wave.run(context, results);
      wave = new Wave();
    }
    wave.add({ place, prepared });
  }
  await wave.run(context, results);
  const isWhole = results.every(({ code }) => code === 200);
  return { status: isWhole ? 200 : partlyFailed, json: results };
}

/**
 * Values of `op`. Some clients encode them as those of a form, some not at all; some begin them with
 * a slash. Throws 400 for none or too many.
 */
function operationLines(body: string): readonly string[] {
  const lines: string[] = [];
  for (const pair of body.split('&')) {
    const equals = pair.indexOf('=');
    if (pair.slice(0, equals) === 'op') lines.push(pair.slice(equals + 1).trim());
  }
  if (lines.length === 0) throw new QiniuError(400, 'invalid argument: no operation');
  if (lines.length > operationsMax) {
    throw new QiniuError(400, `invalid argument: more than ${operationsMax} operations`);
  }
  return lines;
}

/** What is wrong with a line does not fail the others. */
function prepare(
  operations: readonly ObjectOperation[],
  line: string,
): PreparedOperation | QiniuError {
  try {
    const [path = '', query = ''] = decodeSegment(line).replace(/^\//, '').split('?', 2);
    const [name, ...segments] = path.split('/');
    const operation = operations.find((one) => one.name === name);
    if (!operation) return new QiniuError(400, 'invalid argument: unknown operation');
    return operation.prepare(segments, new URLSearchParams(query));
  } catch (error) {
    return asQiniuError(error);
  }
}

/** Operations that may run side by side. */
class Wave {
  readonly #operations: Placed[] = [];
  readonly #read = new Set<string>();
  readonly #written = new Set<string>();

  /** Whether none of its objects is changed by another one here, or read and to be changed. */
  takes({ objects, isRead }: PreparedOperation): boolean {
    if (this.#operations.length >= waveSizeMax) return false;
    return objects.every((object) => {
      const name = nameOf(object);
      return !this.#written.has(name) && (isRead || !this.#read.has(name));
    });
  }

  add(placed: Placed): void {
    this.#operations.push(placed);
    const { objects, isRead } = placed.prepared;
    for (const object of objects) (isRead ? this.#read : this.#written).add(nameOf(object));
  }

  async run(context: ObjectContext, results: BatchResult[]): Promise<void> {
    const deletions = new Map<string, Placed[]>();
    const others: Placed[] = [];
    for (const placed of this.#operations) {
      const { deletes } = placed.prepared;
      if (!deletes) others.push(placed);
      else
        deletions.set(deletes.bucketName, [...(deletions.get(deletes.bucketName) ?? []), placed]);
    }
    await Promise.all([
      ...others.map((placed) => runOne(placed, context, results)),
      ...[...deletions].map(([bucketName, list]) => deleteAll(bucketName, list, context, results)),
    ]);
  }
}

async function runOne(
  { place, prepared }: Placed,
  context: ObjectContext,
  results: BatchResult[],
): Promise<void> {
  try {
    const data = await prepared.run(context);
    results[place] = data === undefined ? { code: 200 } : { code: 200, data };
  } catch (error) {
    results[place] = failed(asQiniuError(error));
  }
}

/** In one transaction. */
async function deleteAll(
  bucketName: string,
  list: readonly Placed[],
  { access, services }: ObjectContext,
  results: BatchResult[],
): Promise<void> {
  const keys = list.map(({ prepared }) => prepared.deletes?.key ?? '');
  try {
    const failures = await deleteEntries(services.core, access, bucketName, keys);
    for (const [position, { place }] of list.entries()) {
      const failure = failures[position];
      results[place] = failure ? failed(asQiniuError(failure)) : { code: 200 };
    }
  } catch (error) {
    for (const { place } of list) results[place] = failed(asQiniuError(error));
  }
}

function asQiniuError(error: unknown): QiniuError {
  return error instanceof QiniuError ? error : toQiniuError(toGatewayError(error));
}

function failed({ status, message }: QiniuError): BatchResult {
  return { code: status, data: { error: message } };
}

function nameOf({ bucketName, key }: ObjectName): string {
  return `${bucketName}:${key}`;
}
