import { setTimeout } from 'node:timers/promises';

/** What a command has to say at one moment. */
interface Report {
  readonly json: unknown;
  readonly text: string;
}

/** Where reports are printed: standard output, replaced in tests. */
export interface ReportOutput {
  readonly isTTY?: boolean;
  readonly rows?: number;
  write(text: string): unknown;
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** Lines that are too long are cut, not folded: folded ones would push the top away. */
const NO_WRAP = '\x1b[?7l';
const WRAP = '\x1b[?7h';
const CLEAR_SCREEN = '\x1b[2J';
const TO_TOP = '\x1b[H';
const CLEAR_LINE_END = '\x1b[K';
/** Where the terminal does not tell. */
const ROWS_DEFAULT = 24;
const CLEAR_BELOW = '\x1b[J';

/** Reports one after the other until SIGINT or SIGTERM, `intervalMs` apart. */
export async function* repeat<Made>(
  intervalMs: number,
  report: () => Promise<Made>,
): AsyncGenerator<Made, void, void> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  // Once: the second signal ends the process, even when a report hangs.
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    while (!stopping.signal.aborted) {
      const made = await report();
      if (stopping.signal.aborted) return;
      yield made;
      await setTimeout(intervalMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/**
 * Prints reports as they come: over each other on a terminal, else below each other. With `isJson`
 * each is one line. Ends early when nobody reads any more.
 */
export async function printReports(
  reports: AsyncIterable<Report>,
  isJson: boolean,
  output: ReportOutput & NodeJS.EventEmitter = process.stdout,
): Promise<void> {
  let isGone = false;
  const gone = () => {
    isGone = true;
  };
  // It stays: what has been written may fail after the last report, when the process ends anyway.
  output.on('error', gone);
  const isDrawn = output.isTTY === true && !isJson;
  if (isDrawn) output.write(HIDE_CURSOR + NO_WRAP + CLEAR_SCREEN);
  try {
    for await (const { json, text } of reports) {
      if (isGone) return;
      if (isJson) output.write(`${JSON.stringify(json)}\n`);
      else {
        const report = `${new Date().toISOString()}  ${text}`;
        output.write(isDrawn ? frameOf(report, output.rows || ROWS_DEFAULT) : `${report}\n\n`);
      }
    }
  } finally {
    if (isDrawn && !isGone) output.write(`${WRAP + SHOW_CURSOR}\n`);
  }
}

/** One screen, drawn over the one before without clearing it first, which would flicker. */
function frameOf(report: string, rows: number): string {
  const lines = report.split('\n');
  // The last row stays empty for the cursor.
  const shown = lines.length < rows ? lines : lines.slice(0, Math.max(rows - 2, 1));
  if (shown.length < lines.length) shown.push(`… ${lines.length - shown.length} more lines`);
  return TO_TOP + shown.map((line) => `${line + CLEAR_LINE_END}\n`).join('') + CLEAR_BELOW;
}
