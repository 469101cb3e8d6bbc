import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { openProgress } from '../../../src/cli/progress.ts';

/** A stream that says that it is a terminal, or not, and what was written to it. */
function fakeStream(isTTY: boolean) {
  const stream = new PassThrough();
  const terminal = { isTTY, columns: 80, cursorTo: () => true, clearLine: () => true };
  return {
    stream: Object.assign(stream, terminal) as unknown as NodeJS.WriteStream,
    written: () => String(stream.read() ?? ''),
  };
}

describe('progress', () => {
  it('is shown on a terminal, also beyond what was expected', () => {
    const { stream, written } = fakeStream(true);
    const progress = openProgress('Deleting', 3, stream);
    progress.advance(5);
    progress.stop();
    progress.stop();
    expect(written()).toContain('Deleting');
  });

  it('writes nothing elsewhere', () => {
    const { stream, written } = fakeStream(false);
    const progress = openProgress('Deleting', 3, stream);
    progress.advance(2);
    progress.stop();
    expect(written()).toBe('');
  });
});
