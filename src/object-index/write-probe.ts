import { run, type Statements, type WriteContext } from './statements.ts';

/**
 * Changes one row, so that its commit is a real one: SQLite leaves a page alone whose content stays
 * the same, and then syncs nothing.
 */
export function* probeWrite(_context: WriteContext): Statements<void> {
  yield* run(
    `INSERT INTO sequences (name, last_value) VALUES ('write_probe', 1)
      ON CONFLICT (name) DO UPDATE SET last_value = sequences.last_value + 1`,
    [],
  );
}
