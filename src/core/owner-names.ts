import type { CoreServices } from './services.ts';

/** Names of users by id, at most one look-up for each; ids without a user are left out. */
export async function ownerNames(
  core: Pick<CoreServices, 'index'>,
  userIds: Iterable<string>,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const userId of new Set(userIds)) {
    const user = await core.index.findUser(userId);
    if (user) names.set(userId, user.name);
  }
  return names;
}
