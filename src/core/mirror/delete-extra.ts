import { deleteObjects } from '../delete-objects.ts';
import type { CoreServices } from '../services.ts';
import type { MirrorFailure, MirrorOptions } from './mirror-options.ts';

const pageSize = 1000;

export interface DeletedPage {
  readonly deleted: number;
  readonly failures: readonly MirrorFailure[];
  readonly cursor: string | null;
  readonly isLast: boolean;
}

type Options = Pick<
  MirrorOptions,
  'bucket' | 'source' | 'caller' | 'sourcePrefix' | 'prefix' | 'isDryRun'
>;

/**
 * Deletes the objects of one page of the bucket, behind `cursor`, that the source does not have.
 * What its listing lacks is asked for by itself before it goes, and it goes only as it was listed
 * here.
 */
export async function deleteExtra(
  core: CoreServices,
  options: Options,
  cursor: string | null,
  signal: AbortSignal,
): Promise<DeletedPage> {
  const { bucket, source, caller, sourcePrefix, prefix, isDryRun } = options;
  const listed = await core.index.listObjects({
    bucketId: bucket.id,
    prefix,
    delimiter: '',
    after: cursor ?? '',
    limit: pageSize,
  });
  const last = listed.resumeAfter ?? listed.nextAfter;
  const isLast = last === null;
  const sourceKeyOf = (key: string) => sourcePrefix + key.slice(prefix.length);
  const known = await sourceKeys(options, cursor, last, signal);
  const extra = [];
  for (const object of listed.objects) {
    const sourceKey = sourceKeyOf(object.key);
    if (known.has(sourceKey) || (await source.has(sourceKey, signal))) continue;
    extra.push({ key: object.key, versionId: null, condition: { ifMatch: [object.etag] } });
  }
  if (isDryRun || extra.length === 0) {
    return { deleted: extra.length, failures: [], cursor: last, isLast };
  }
  const { deleted, failed } = await deleteObjects(core, bucket, extra, caller);
  const failures = failed.map(({ object, error }) => ({
    key: sourceKeyOf(object.key),
    problem: error.message,
  }));
  return { deleted: deleted.length, failures, cursor: last, isLast };
}

/** Keys of the source behind `after` up to `last`, or to its end; as our keys are. */
async function sourceKeys(
  { source, sourcePrefix, prefix }: Options,
  after: string | null,
  last: string | null,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  let from = after === null ? null : sourcePrefix + after.slice(prefix.length);
  const end = last === null ? null : Buffer.from(sourcePrefix + last.slice(prefix.length));
  for (;;) {
    const { objects, isLast } = await source.list(from, signal);
    for (const { key } of objects) keys.add(key);
    from = objects.at(-1)?.key ?? null;
    const isPast = from !== null && end !== null && Buffer.compare(Buffer.from(from), end) >= 0;
    if (isLast || isPast || from === null) return keys;
  }
}
