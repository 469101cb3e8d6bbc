import { z } from 'zod';
import { getBucket } from '../core/access/access.ts';
import { callerOf } from '../core/access-keys.ts';
import type { MirrorFailure } from '../core/mirror/mirror-options.ts';
import type { MirrorSource } from '../core/mirror/mirror-source.ts';
import { type MirrorState, MirrorWalk, newMirrorState } from '../core/mirror/mirror-walk.ts';
import { bucketOrigin } from '../core/origin/bucket-origin.ts';
import type { Bucket } from '../object-index/records.ts';
import { createS3Client } from '../origins/s3-client.ts';
import { S3MirrorSource } from '../origins/s3-mirror-source.ts';
import { parseUrl } from './bucket-origin-options.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import { reportMirror } from './mirror-report.ts';
import { runWalk } from './run-walk.ts';
import { SavedWalk } from './saved-walk.ts';

export interface MirrorCommandOptions {
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly region: string;
  readonly virtualHost?: boolean;
  readonly toPrefix: string;
  readonly concurrency: string;
  readonly overwrite?: boolean;
  readonly delete?: boolean;
  readonly tags?: boolean;
  readonly dryRun?: boolean;
  readonly restart?: boolean;
}

const concurrencyMax = 256;

/**
 * Copies a bucket of another S3, or the part of it below a prefix, into one of ours. Ends early on
 * SIGINT and SIGTERM; the same command goes on there, also after it was killed.
 */
export async function mirror(
  { services }: CommandContext,
  from: string,
  bucketName: string,
  options: MirrorCommandOptions,
): Promise<CommandOutput> {
  const { core, directory } = services;
  const bucket = await getBucket(core, bucketName);
  const { source, prefix: sourcePrefix, name } = await sourceOf(services, bucket, from, options);
  const concurrency = parseConcurrency(options.concurrency);
  const owner = await core.index.findUser(bucket.ownerId);
  if (!owner) throw new UsageError(`The owner of bucket ${bucketName} is gone.`);
  const walk = {
    ...{ bucket, source, sourcePrefix, concurrency, caller: callerOf(owner) },
    prefix: options.toPrefix,
    replacesNewer: options.overwrite ?? false,
    deletesExtra: options.delete ?? false,
    isDryRun: options.dryRun ?? false,
  };
  const { isDryRun } = walk;
  const file = new SavedWalk(directory.walkFile('mirror'), kindOf(name, walk), shapes);
  const saved = isDryRun ? notSaved() : file;
  const kept = options.restart || isDryRun ? null : file.find();
  const failures: MirrorFailure[] = [...(kept?.findings ?? [])];
  const state = await runWalk<MirrorState, MirrorFailure>(kept?.state ?? newMirrorState, {
    label: 'Mirroring',
    total: process.stderr.isTTY ? await countObjects(source) : 0,
    saved,
    startStepping: (onLook) => {
      const steps = new MirrorWalk(core, { ...walk, onLook });
      return async (state, signal) => {
        const step = await steps.step(state, signal);
        failures.push(...step.added);
        return step;
      };
    },
  });
  return reportMirror(state, failures, { isContinued: kept !== null, isDryRun });
}

/** `origin`, or `https://s3.example/BUCKET/PREFIX`. */
async function sourceOf(
  { core, origins }: CommandContext['services'],
  ours: Bucket,
  from: string,
  options: MirrorCommandOptions,
): Promise<{ readonly source: MirrorSource; readonly prefix: string; readonly name: string }> {
  const withTags = options.tags ?? false;
  if (from === 'origin') {
    const origin = bucketOrigin.of(ours);
    if (origin?.kind !== 's3') {
      throw new UsageError(`Bucket ${ours.name} has no origin of type s3.`);
    }
    const { bucket, prefix, endpoint } = origin;
    const client = await origins.clientOf(ours, origin);
    const source = new S3MirrorSource({ client, bucket, prefix, withTags });
    return { source, prefix, name: `${endpoint}/${bucket}/${prefix}` };
  }
  const url = parseUrl(from);
  const [bucket = '', ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
  if (bucket === '') throw new UsageError(`${from} names no bucket: https://HOST/BUCKET/PREFIX.`);
  const prefix = rest.join('/');
  const client = await createS3Client(core.outbound, {
    endpoint: url.origin,
    region: options.region,
    isVirtualHosted: options.virtualHost ?? false,
    keyPair: keyPairOf(options),
  });
  const source = new S3MirrorSource({ client, bucket, prefix, withTags });
  return { source, prefix, name: `${url.origin}/${bucket}/${prefix}` };
}

function keyPairOf({ accessKey, secretKey }: MirrorCommandOptions) {
  if (accessKey === undefined && secretKey === undefined) return null;
  if (accessKey && secretKey) return { accessKeyId: accessKey, secretAccessKey: secretKey };
  throw new UsageError('--access-key and --secret-key go together.');
}

function parseConcurrency(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= concurrencyMax) return count;
  throw new UsageError(`--concurrency ${text} is no number from 1 to ${concurrencyMax}.`);
}

/** A run that differs in any of this is another one, and begins at the beginning. */
function kindOf(
  source: string,
  walk: {
    readonly bucket: Bucket;
    readonly prefix: string;
    readonly replacesNewer: boolean;
    readonly deletesExtra: boolean;
  },
): object {
  const { bucket, prefix, replacesNewer, deletesExtra } = walk;
  return { source, bucketId: bucket.id, prefix, replacesNewer, deletesExtra };
}

/** Counting is worth its time only where somebody sees the bar. */
async function countObjects(source: MirrorSource): Promise<number> {
  const { signal } = new AbortController();
  let count = 0;
  for (let after: string | null = null; ; ) {
    const page = await source.list(after, signal);
    count += page.objects.length;
    after = page.objects.at(-1)?.key ?? null;
    if (page.isLast || after === null) return count;
  }
}

function notSaved() {
  return { save: () => {}, remove: () => {} };
}

const count = z.number().int().min(0);
const shapes = {
  state: z.object({
    cursor: z.string().nullable(),
    phase: z.enum(['copy', 'delete']),
    isFinished: z.boolean(),
    fileCount: count,
    ...{ copied: count, copiedBytes: count, same: count, newerHere: count },
    ...{ changed: count, failed: count, deleted: count },
  }),
  finding: z.object({ key: z.string(), problem: z.string() }),
};
