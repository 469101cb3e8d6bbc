import { describe, expect, it } from 'vitest';
import { IndexError } from '../../../src/object-index/object-index.ts';
import {
  numberPlaceholders,
  type PostgresConnection,
  PostgresRunner,
} from '../../../src/object-index/postgres-runner.ts';
import { all, get, nextObjectId, run } from '../../../src/object-index/statements.ts';

type Query = Parameters<PostgresConnection['query']>[0];

/** A connection that answers from a function and keeps what it was asked. */
function fakeConnection(answer: (text: string) => unknown[] | Error = () => []) {
  const queries: Query[] = [];
  const connection: PostgresConnection = {
    async query(query) {
      queries.push(query);
      const rows = answer(query.text);
      if (rows instanceof Error) throw rows;
      return { rows, rowCount: rows.length };
    },
  };
  return { connection, texts: () => queries.map(({ text }) => text), queries };
}

const databaseError = (code: string) => Object.assign(new Error('told by the server'), { code });

async function failureOf(task: Promise<unknown>): Promise<IndexError> {
  const error = await task.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof IndexError)) throw new Error(`not an IndexError: ${String(error)}`);
  return error;
}

describe('PostgresRunner', () => {
  it('runs an operation in one transaction and hands it rows, first rows and counts', async () => {
    const { connection, texts } = fakeConnection((text) =>
      text.includes('nextval')
        ? [{ id: 7 }]
        : text.startsWith('SELECT')
          ? [{ x: 1 }, { x: 2 }]
          : [],
    );
    function* operation() {
      return {
        all: yield* all('SELECT x', []),
        first: yield* get('SELECT x', []),
        none: yield* get('DELETE a RETURNING x', []),
        changed: yield* run('UPDATE a', []),
        id: yield* nextObjectId(),
      };
    }
    expect(await new PostgresRunner(connection).run('write', operation())).toEqual({
      all: [{ x: 1 }, { x: 2 }],
      first: { x: 1 },
      none: undefined,
      changed: 0,
      id: 7,
    });
    expect(texts()[0]).toBe('BEGIN ISOLATION LEVEL SERIALIZABLE');
    expect(texts().at(-1)).toBe('COMMIT');
  });

  it('gives a text the same name each time, and another one another name', async () => {
    const { connection, queries } = fakeConnection();
    const runner = new PostgresRunner(connection);
    for (const value of [1, 2]) {
      await runner.run('read', all('SELECT a WHERE b = ? AND c = ?', [value, 'x']));
    }
    await runner.run('read', all('SELECT a WHERE b = ?', [3]));
    const selects = queries.filter(({ text }) => text.startsWith('SELECT'));
    expect(selects.map(({ values }) => values)).toEqual([[1, 'x'], [2, 'x'], [3]]);
    expect(selects[0]?.text).toBe('SELECT a WHERE b = $1 AND c = $2');
    expect(selects[1]?.name).toBe(selects[0]?.name);
    expect(selects[2]?.name).not.toBe(selects[0]?.name);
  });

  it.each([
    ['53100', 'full'],
    ['40001', 'overloaded'],
    ['40P01', 'overloaded'],
    ['23505', 'failed'],
  ])('rolls back and tells of error %s as %s', async (code, reason) => {
    const { connection, texts } = fakeConnection((text) =>
      text === 'UPDATE a' ? databaseError(code) : [],
    );
    const error = await failureOf(new PostgresRunner(connection).run('write', run('UPDATE a', [])));
    expect(error).toMatchObject({ reason, mayBeCommitted: false });
    expect(error.message).toContain(`${code}: told by the server`);
    expect(texts().at(-1)).toBe('ROLLBACK');
  });

  it('tells a commit that was refused from one whose answer was lost', async () => {
    const failing = (error: Error) =>
      new PostgresRunner(fakeConnection((text) => (text === 'COMMIT' ? error : [])).connection).run(
        'write',
        run('UPDATE a', []),
      );
    expect(await failureOf(failing(databaseError('40001')))).toMatchObject({
      reason: 'overloaded',
      mayBeCommitted: false,
    });
    expect(await failureOf(failing(databaseError('ECONNRESET')))).toMatchObject({
      reason: 'failed',
      mayBeCommitted: true,
    });
  });

  it('rolls back what an operation did before it threw', async () => {
    const { connection, texts } = fakeConnection();
    function* operation() {
      yield* run('UPDATE a', []);
      throw new RangeError('too long');
    }
    const error = await failureOf(new PostgresRunner(connection).run('write', operation()));
    expect(error.message).toContain('too long');
    expect(texts().slice(1)).toEqual(['UPDATE a', 'ROLLBACK']);
  });
});

it('numbers placeholders in order', () => {
  expect(numberPlaceholders('SELECT 1')).toBe('SELECT 1');
  expect(numberPlaceholders('VALUES (?, ?), (?)')).toBe('VALUES ($1, $2), ($3)');
});
