import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/object-index/sqlite-database.ts';
import { WriteTurn } from '../../../src/object-index/write-turn.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

it('gives up after its time while another connection keeps the lock, and works again after', () => {
  const path = join(temporaryDirectory(), 'index.sqlite');
  const [first, other] = [openDatabase(path), openDatabase(path)];
  const turn = new WriteTurn(first, 20);
  other.exec('BEGIN IMMEDIATE');
  expect(() => turn.begin()).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }));
  expect(first.inTransaction).toBe(false);
  other.exec('COMMIT');
  turn.begin();
  expect(first.inTransaction).toBe(true);
  first.close();
  other.close();
});

it('throws every other error at once', () => {
  const turn = new WriteTurn(new Database(':memory:'), 60_000);
  turn.begin();
  expect(() => turn.begin()).toThrow(/within a transaction/);
});
