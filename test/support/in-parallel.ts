/** Runs `task` for 0 … count − 1, with so many workers. Rejects when one of them does. */
export async function inParallel(
  workers: number,
  count: number,
  task: (number: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) {
      const number = next;
      next += 1;
      await task(number);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}
