import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from '../../src/object-index/migrate.ts';
import { migrationsDirectory } from '../../src/object-index/schema.ts';
import { openDatabase } from '../../src/object-index/sqlite-database.ts';
import { verifyIndex } from '../crash/verify-index.ts';
import { GatewayProcess } from '../support/gateway-process.ts';

/** Enough for a migration to take a while. */
const OBJECT_COUNT = 30_000;
const KILLS = 12;
/** A start takes some half a second before it migrates. */
/** It is missing beside an index that was not made by a gateway. */
const env = { GATEWAY_MASTER_KEY: 'ab'.repeat(32) };
const KILL_AFTER_MS = { first: 150, step: 75 } as const;

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'migration-killed-'));
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

/** An index as the first version made it. */
function makeOldIndex(path: string): void {
  const onlyFirst = join(dataDir, 'migrations');
  mkdirSync(onlyFirst);
  for (const name of readdirSync(migrationsDirectory)) {
    if (name.startsWith('0001-')) cpSync(join(migrationsDirectory, name), join(onlyFirst, name));
  }
  const database = openDatabase(path);
  migrate(database, path, onlyFirst);
  database.exec(`
    INSERT INTO users (id, name, is_root, created_at_ms) VALUES ('old', 'old', 0, 0);
    INSERT INTO buckets (name, owner_id, created_at_ms) VALUES ('old', 'old', 0);
    WITH RECURSIVE numbers (number) AS
      (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ${OBJECT_COUNT})
    INSERT INTO objects (bucket_id, key, version_rank, id, size, etag, last_modified_ms, owner_id,
        headers, user_metadata)
      SELECT 1, printf('%08d', number), -number, number, 0, 'd41d8cd98f00b204e9800998ecf8427e', 0,
          'old', '{}', '{}'
        FROM numbers;
    UPDATE sequences SET last_value = ${OBJECT_COUNT} WHERE name = 'object_id';`);
  database.close();
}

it('an index whose migrations are killed again and again is whole in the end', async () => {
  const path = join(dataDir, 'index.sqlite');
  makeOldIndex(path);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await GatewayProcess.startAndKill(
      { dataDir, env },
      KILL_AFTER_MS.first + kill * KILL_AFTER_MS.step,
    );
  }
  const gateway = await GatewayProcess.start({ dataDir, env });
  expect(await gateway.end()).toEqual({ code: 0, signal: null });
  // Copies made before migrations have their names only when they are whole.
  const copies = readdirSync(dataDir).filter((name) => /\.before-[\w-]+$/.test(name));
  expect(copies.length).toBeGreaterThan(0);
  for (const name of ['index.sqlite', ...copies]) {
    expect(countObjects(join(dataDir, name))).toBe(OBJECT_COUNT);
  }
  await verifyIndex(path);
});

function countObjects(path: string): unknown {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare('SELECT COUNT(*) FROM objects').pluck().get();
  } finally {
    database.close();
  }
}
