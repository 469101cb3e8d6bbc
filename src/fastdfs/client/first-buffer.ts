/**
 * The same bytes, cut behind the first `size` of them, with a pause before the rest is given.
 * Content that is not longer is given without one.
 */
export async function* pausingAfter(
  size: number,
  content: AsyncIterable<Buffer>,
  pause: () => Promise<void>,
): AsyncGenerator<Buffer, void, void> {
  let room = size;
  let hasPaused = false;
  for await (const chunk of content) {
    if (hasPaused || chunk.length === 0) {
      yield chunk;
      continue;
    }
    const before = chunk.subarray(0, room);
    const behind = chunk.subarray(room);
    room -= before.length;
    if (before.length > 0) yield before;
    if (behind.length === 0) continue;
    await pause();
    hasPaused = true;
    yield behind;
  }
}
