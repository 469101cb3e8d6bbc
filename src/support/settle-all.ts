/**
 * As `Promise.all`, but nothing runs any more when it rejects, with the first failure in order: what
 * the tasks work with may be closed then.
 */
export async function settleAll<Value>(tasks: readonly Promise<Value>[]): Promise<Value[]> {
  const results = await Promise.allSettled(tasks);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
