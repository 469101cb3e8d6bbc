import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { printReports, repeat } from '../../../src/cli/watch.ts';

/** Standard output that remembers. */
class FakeOutput extends EventEmitter {
  readonly isTTY: boolean;
  readonly rows: number;
  text = '';

  constructor(terminal: { readonly rows: number } | null) {
    super();
    this.isTTY = terminal !== null;
    this.rows = terminal?.rows ?? 0;
  }

  write(text: string): void {
    this.text += text;
  }
}

async function* reportsOf(...texts: string[]) {
  for (const text of texts) yield { json: { text }, text };
}

describe('printReports', () => {
  it('prints one JSON object a line, on a terminal too', async () => {
    const output = new FakeOutput({ rows: 5 });
    await printReports(reportsOf('a', 'b\nc'), true, output);
    expect(output.text).toBe('{"text":"a"}\n{"text":"b\\nc"}\n');
  });

  it('prints reports below each other where there is no terminal', async () => {
    const output = new FakeOutput(null);
    await printReports(reportsOf('a', 'b'), false, output);
    expect(output.text).toMatch(/^\S+Z {2}a\n\n\S+Z {2}b\n\n$/);
  });

  it('draws over the report before on a terminal, and leaves the terminal as it was', async () => {
    const output = new FakeOutput({ rows: 10 });
    await printReports(reportsOf('one', 'two'), false, output);
    expect(output.text.split('\x1b[H')).toHaveLength(3);
    expect(output.text.endsWith('\x1b[?7h\x1b[?25h\n')).toBe(true);
  });

  it('shows no more lines than the terminal has', async () => {
    const output = new FakeOutput({ rows: 4 });
    await printReports(reportsOf('1\n2\n3\n4\n5'), false, output);
    expect(output.text).toContain('2\x1b[K\n… 3 more lines\x1b[K\n\x1b[J');
    expect(output.text).not.toContain('3\x1b[K');
  });

  it('stops when nobody reads any more', async () => {
    const output = new FakeOutput(null);
    let made = 0;
    async function* reports() {
      for (;;) {
        made += 1;
        if (made === 2) output.emit('error', new Error('EPIPE'));
        yield { json: made, text: '' };
      }
    }
    await printReports(reports(), true, output);
    expect(output.text).toBe('1\n');
    // A write of before fails late.
    output.emit('error', new Error('EPIPE'));
  });

  it('leaves the terminal as it was when a report fails', async () => {
    const output = new FakeOutput({ rows: 10 });
    const failed = new Error('no index');
    async function* reports() {
      yield { json: 1, text: 'x' };
      throw failed;
    }
    await expect(printReports(reports(), false, output)).rejects.toBe(failed);
    expect(output.text.endsWith('\x1b[?7h\x1b[?25h\n')).toBe(true);
  });
});

describe('repeat', () => {
  it('ends at a signal, even while it rests, and hears no further one', async () => {
    const before = process.listenerCount('SIGINT');
    const seen: number[] = [];
    for await (const report of repeat(60_000, async () => seen.length)) {
      seen.push(report);
      process.emit('SIGINT');
    }
    expect(seen).toEqual([0]);
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});
