import type { ObjectIndex } from '../object-index/object-index.ts';

const BUCKETS_PER_PAGE = 1_000;

/** Names of all buckets by id, for reports. */
export async function bucketNamesById(
  index: Pick<ObjectIndex, 'listBuckets'>,
): Promise<Map<number, string>> {
  const names = new Map<number, string>();
  for (let after = ''; ; ) {
    const request = { ownerId: null, prefix: '', after, limit: BUCKETS_PER_PAGE };
    const page = await index.listBuckets(request);
    for (const { id, name } of page) names.set(id, name);
    if (page.length < BUCKETS_PER_PAGE) return names;
    after = page.at(-1)?.name ?? '';
  }
}
