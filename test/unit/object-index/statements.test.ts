import { describe, expect, it } from 'vitest';
import {
  allIn,
  insertRows,
  runIn,
  runStatements,
  type Statement,
  type Statements,
} from '../../../src/object-index/statements.ts';

function record<T>(statements: Statements<T>, answer: (statement: Statement) => unknown) {
  const recorded: Exclude<Statement, { kind: 'next-object-id' }>[] = [];
  const result = runStatements(statements, (statement) => {
    if (statement.kind !== 'next-object-id') recorded.push(statement);
    return answer(statement);
  });
  return { result, recorded };
}

describe('insertRows', () => {
  it.each([
    [0, []],
    [1, [1]],
    [18, [16, 1, 1]],
    [600, [256, 256, 16, 16, 16, 16, 16, 1, 1, 1, 1, 1, 1, 1, 1]],
  ])('inserts %i rows in chunks of %j', (count, sizes) => {
    const rows = Array.from({ length: count }, (_, i) => [i, `v${i}`]);
    const { recorded } = record(insertRows('t', ['a', 'b'], rows), () => 0);
    expect(recorded.map(({ values }) => values.length / 2)).toEqual(sizes);
    expect(recorded.flatMap(({ values }) => values)).toEqual(rows.flat());
  });

  it('names the table, the columns and the conflict clause', () => {
    const { recorded } = record(insertRows('t', ['a', 'b'], [[1, 2]], 'ON CONFLICT x'), () => 0);
    expect(recorded[0]?.sql.trim()).toBe('INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT x');
  });
});

describe('allIn and runIn', () => {
  it('covers a list of any length with few statement texts', () => {
    const texts = new Set<string>();
    for (const count of [0, 1, 2, 15, 16, 17, 255, 256, 257, 1000]) {
      const list = Array.from({ length: count }, (_, i) => i);
      const { recorded, result } = record(
        allIn<number>((marks) => `SELECT ${marks}`, ['first'], list),
        (statement) => ('values' in statement ? statement.values.slice(1) : []),
      );
      expect([...new Set(result)]).toEqual(list);
      for (const { sql, values } of recorded) {
        texts.add(sql);
        expect(values[0]).toBe('first');
        expect(sql.match(/\?/g)).toHaveLength(values.length - 1);
      }
    }
    expect(texts.size).toBe(3);
  });

  it('runs nothing for an empty list', () => {
    expect(
      record(
        runIn((marks) => marks, [], []),
        () => 0,
      ).recorded,
    ).toEqual([]);
  });
});

describe('runStatements', () => {
  it('ends an operation with what a statement throws', () => {
    const insert = insertRows('t', ['a'], [[1]]);
    expect(() =>
      runStatements(insert, () => {
        throw new Error('disk');
      }),
    ).toThrow('disk');
  });
});
