import { SingleBar } from 'cli-progress';

/** How far a command has come, for the person who waits for it. */
export interface Progress {
  advance(count: number): void;
  /** The bar is gone then, so that the result stands alone. */
  stop(): void;
}

/** A bar on standard error when that is a terminal; otherwise nothing is written. */
export function openProgress(
  label: string,
  total: number,
  stream: NodeJS.WriteStream = process.stderr,
): Progress {
  if (!stream.isTTY) return { advance: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: `${label} {bar} {percentage}%  {value} of {total}  {eta_formatted} left`,
    stream,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(total, 0);
  let done = 0;
  return {
    advance: (count) => {
      done += count;
      // More may turn up while it runs.
      if (done > bar.getTotal()) bar.setTotal(done);
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}
