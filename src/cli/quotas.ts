import { getBucket } from '../core/access/access.ts';
import { GatewayError } from '../core/errors.ts';
import type { Quota } from '../object-index/records.ts';
import type { QuotaHolder, Usage } from '../object-index/write-requests.ts';
import { parseSize } from '../support/units.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import { renderBytes } from './sizes.ts';

export interface QuotaOptions {
  readonly size?: string;
  readonly objects?: string;
  readonly none?: boolean;
}

/** Sets, removes or, without options, shows the quota of a bucket, and what it holds. */
export async function bucketQuota(
  { services: { core } }: CommandContext,
  name: string,
  options: QuotaOptions,
): Promise<CommandOutput> {
  const { id, quota } = await getBucket(core, name);
  const set = await setWanted(core.index, { kind: 'bucket', bucketId: id }, quota, options);
  return render({ bucket: name }, `Bucket ${name}`, set, await core.index.findBucketUsage(id));
}

/** As `bucketQuota`, for all buckets of a user together. */
export async function userQuota(
  { services: { core } }: CommandContext,
  name: string,
  options: QuotaOptions,
): Promise<CommandOutput> {
  const user = await core.index.findUserByName(name);
  if (!user) throw new GatewayError('NoSuchEntity', { message: `There is no user ${name}.` });
  const quota = (await core.index.findUserQuota(user.id)) ?? { sizeBytes: null, objectCount: null };
  const set = await setWanted(core.index, { kind: 'user', userId: user.id }, quota, options);
  return render({ user: name }, `User ${name}`, set, await core.index.findUserUsage(user.id));
}

async function setWanted(
  index: CommandContext['services']['core']['index'],
  holder: QuotaHolder,
  current: Quota,
  options: QuotaOptions,
): Promise<Quota> {
  const wanted = wantedQuota(current, options);
  if (wanted === null) return current;
  await index.setQuota(holder, wanted);
  return wanted;
}

/** What an option leaves out stays as it is; null where none is given. */
function wantedQuota(current: Quota, { size, objects, none }: QuotaOptions): Quota | null {
  if (none && (size !== undefined || objects !== undefined)) {
    throw new UsageError('--none removes the quota: leave --size and --objects out.');
  }
  if (none) return { sizeBytes: null, objectCount: null };
  if (size === undefined && objects === undefined) return null;
  const sizeBytes = size === undefined ? current.sizeBytes : parseSize(size);
  if (size !== undefined && sizeBytes === null) {
    throw new UsageError(`--size ${size} is no size: 500GiB, 1.5TiB or a number of bytes.`);
  }
  if (objects !== undefined && !/^\d{1,15}$/.test(objects)) {
    throw new UsageError(`--objects ${objects} is no number.`);
  }
  return { sizeBytes, objectCount: objects === undefined ? current.objectCount : Number(objects) };
}

function render(
  names: Readonly<Record<string, string>>,
  title: string,
  quota: Quota,
  usage: Usage,
): CommandOutput {
  const size = quota.sizeBytes === null ? 'no quota' : `of ${renderBytes(quota.sizeBytes)}`;
  const count = quota.objectCount === null ? 'no quota' : `of ${quota.objectCount}`;
  return {
    json: { ...names, quota, usage },
    text: [
      title,
      `  size     ${renderBytes(usage.sizeBytes)}, ${size}`,
      `  objects  ${usage.objectCount}, ${count}`,
    ].join('\n'),
  };
}
