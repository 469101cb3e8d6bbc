import type { ObjectIndex } from '../../object-index/object-index.ts';
import type { Purger } from './purger.ts';

interface ChangedKey {
  readonly bucketId: number;
  readonly key: string;
}

/** Operations that change what is read under keys, and the keys that they change. */
const changes: {
  readonly [Name in keyof ObjectIndex]?: (
    ...args: Parameters<ObjectIndex[Name]>
  ) => readonly ChangedKey[];
} = {
  putObject: (object) => [object],
  appendObject: (request) => [request],
  renameObject: ({ bucketId, sourceKey, key }) => [
    { bucketId, key: sourceKey },
    { bucketId, key },
  ],
  copyObject: ({ destination }) => [destination],
  moveObject: ({ source, destination }) => [source, destination],
  changeObject: (request) => (isOfReaders(request.change) ? [request] : []),
  completeUpload: ({ bucketId, key, decided }) => [{ bucketId, key: decided?.key ?? key }],
  composeObject: (object) => [object],
  deleteObjects: (bucketId, deletions) =>
    deletions.map((deletion) => ({
      bucketId,
      key: typeof deletion === 'string' ? deletion : deletion.key,
    })),
};

/** A hash that was worked out changes nothing of what is read. */
function isOfReaders(change: object): boolean {
  return Object.keys(change).some((name) => name !== 'qetag');
}

/**
 * An index whose writes tell a purger what they changed. Files that lose their last reference come
 * through the deletion queue as well, see `QueuedFiles`; here are those that stay, such as older
 * versions, and those whose ACL was changed.
 */
export function observeChanges(index: ObjectIndex, purger: Purger): ObjectIndex {
  const observed = Object.entries(changes).map(([name, keysOf]) => {
    const write = Reflect.get(index, name) as (...args: unknown[]) => Promise<unknown>;
    const observe = async (...args: unknown[]): Promise<unknown> => {
      const keys = (keysOf as (...given: unknown[]) => readonly ChangedKey[])(...args);
      const fileIds = await filesOf(index, keys);
      const outcome = await write.apply(index, args);
      for (const fileId of fileIds) purger.purgeFile(fileId);
      await purgeKeys(index, purger, keys);
      return outcome;
    };
    return [name, observe] as const;
  });
  return {
    ...index,
    ...Object.fromEntries(observed),
    async expireObjects(limit) {
      const expired = await index.expireObjects(limit);
      await purgeKeys(index, purger, expired);
      return expired;
    },
  };
}

/** Before they are changed; none when they cannot be looked up, which the write will tell. */
async function filesOf(
  index: ObjectIndex,
  keys: readonly ChangedKey[],
): Promise<readonly string[]> {
  try {
    const objects = await Promise.all(
      keys.map(({ bucketId, key }) => index.findObject(bucketId, key)),
    );
    return objects.flatMap((object) => object?.fileId ?? []);
  } catch {
    return [];
  }
}

/** The write has been done: nothing that fails here may look as if that had failed. */
async function purgeKeys(
  index: ObjectIndex,
  purger: Purger,
  keys: readonly ChangedKey[],
): Promise<void> {
  if (!purger.knowsObjects) return;
  for (const { bucketId, key } of keys) {
    const bucket = await index.findBucketById(bucketId).catch(() => null);
    if (bucket) purger.purgeObject(bucket.name, key);
  }
}
