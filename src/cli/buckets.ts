import { getBucket } from '../core/access/access.ts';
import { callerOf } from '../core/access-keys.ts';
import { createBucket as createCoreBucket, deleteBucket } from '../core/buckets.ts';
import { GatewayError } from '../core/errors.ts';
import type { ListedBucket } from '../object-index/records.ts';
import type { User } from '../object-index/user-records.ts';
import type { CommandContext, CommandOutput } from './command.ts';
import { renderBytes } from './sizes.ts';
import { renderTable } from './table.ts';

const PAGE_SIZE = 1000;

export async function listBuckets({ services }: CommandContext): Promise<CommandOutput> {
  const { index } = services.core;
  const names = new Map((await index.listUsers()).map((user) => [user.id, user.name]));
  const buckets: ListedBucket[] = [];
  for (let after = ''; ; ) {
    const page = await index.listBuckets({ ownerId: null, prefix: '', after, limit: PAGE_SIZE });
    buckets.push(...page);
    if (page.length < PAGE_SIZE) break;
    after = page.at(-1)?.name ?? '';
  }
  const listed = [];
  for (const bucket of buckets) {
    listed.push({
      name: bucket.name,
      owner: names.get(bucket.ownerId) ?? bucket.ownerId,
      location: bucket.locationConstraint,
      createdAt: new Date(bucket.createdAtMs).toISOString(),
      ...(await index.findBucketUsage(bucket.id)),
    });
  }
  const rows = listed.map(({ name, owner, createdAt, objectCount, sizeBytes }) => [
    ...[name, owner, createdAt, objectCount, renderBytes(sizeBytes)],
  ]);
  const head = ['NAME', 'OWNER', 'CREATED', 'OBJECTS', 'SIZE'];
  return { json: listed, text: renderTable(head, rows) };
}

export async function createBucket(
  { services }: CommandContext,
  name: string,
  options: { readonly owner?: string; readonly location?: string },
): Promise<CommandOutput> {
  const owner = await findOwner(services.core.index, options.owner);
  if (await services.core.index.findBucket(name)) {
    throw new GatewayError('BucketAlreadyOwnedByYou', {
      message: `There is a bucket ${name} already.`,
    });
  }
  await createCoreBucket(services.core, callerOf(owner), name, options.location ?? null);
  return { json: { name, owner: owner.name }, text: `Created bucket ${name} of ${owner.name}.` };
}

export async function removeBucket(
  { services }: CommandContext,
  name: string,
): Promise<CommandOutput> {
  await deleteBucket(services.core, await getBucket(services.core, name));
  return { json: { removed: name }, text: `Removed bucket ${name}.` };
}

/** The user of that name, or root when none is named. */
async function findOwner(
  index: CommandContext['services']['core']['index'],
  name: string | undefined,
): Promise<User> {
  const users = await index.listUsers();
  const user = users.find((each) => (name === undefined ? each.isRoot : each.name === name));
  if (user) return user;
  throw new GatewayError('NoSuchEntity', {
    message: name === undefined ? 'There is no root user.' : `There is no user ${name}.`,
  });
}
