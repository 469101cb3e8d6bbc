import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { migrate } from '../src/object-index/migrate.ts';
import { openDatabase, type SqliteDatabase } from '../src/object-index/sqlite-database.ts';

/** A bucket of an index file; its keys come in order, so many to each common prefix. */
export interface LargeBucket {
  readonly path: string;
  readonly bucketId: number;
  readonly keyCount: number;
  readonly keysPerPrefix: number;
  readonly prefixCount: number;
  readonly sizeBytes: number;
}

const ROWS_PER_TRANSACTION = 500_000;

/** At least 1000 common prefixes, and no more than 1000 keys to each. */
const keysPerPrefixOf = (keyCount: number) => Math.max(1, Math.min(1_000, keyCount / 1_000));

/** `tenant-0000042/`; 1 and 10 sort apart. */
export const prefixName = (number: number) => `tenant-${String(number).padStart(7, '0')}/`;

export function keyName({ keysPerPrefix }: Pick<LargeBucket, 'keysPerPrefix'>, number: number) {
  const inPrefix = String(number % keysPerPrefix).padStart(4, '0');
  const random = ((number * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0');
  return `${prefixName(Math.floor(number / keysPerPrefix))}2024/invoice-${inPrefix}-${random}.pdf`;
}

/** Makes the bucket unless the file is there; with rows as a gateway writes them. */
export function makeLargeBucket(path: string, keyCount: number): LargeBucket {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    const partialPath = `${path}.partial`;
    rmSync(partialPath, { force: true });
    const database = openDatabase(partialPath);
    // Nothing is lost that cannot be made again.
    database.pragma('synchronous = OFF');
    migrate(database, partialPath);
    fill(database, keyCount);
    database.close();
    renameSync(partialPath, path);
  }
  const keysPerPrefix = keysPerPrefixOf(keyCount);
  const prefixCount = Math.ceil(keyCount / keysPerPrefix);
  const sizeBytes = statSync(path).size;
  return { path, bucketId: 1, keyCount, keysPerPrefix, prefixCount, sizeBytes };
}

function fill(database: SqliteDatabase, keyCount: number): void {
  const keysPerPrefix = keysPerPrefixOf(keyCount);
  const insert = database.prepare(
    `INSERT INTO objects (bucket_id, key, version_rank, id, size, etag, last_modified_ms, owner_id,
        checksum_algorithm, checksum_type, checksum_value, file_id, headers, user_metadata)
      VALUES (1, ?, ?, ?, 4096, lower(hex(randomblob(16))), ?,
        '5d0f4f4c-9a5c-4d0e-9d3a-0d4f7f1f2c11', 'CRC64NVME', 'FULL_OBJECT', 'AAAAAAAAAAA=',
        'group1/M00/0A/3F/CgAAAW' || hex(randomblob(12)) || '.pdf',
        '{"content-type":"application/pdf"}', '{}')`,
  );
  const nowMs = Date.now();
  const insertRange = database.transaction((from: number, to: number) => {
    for (let number = from; number < to; number += 1) {
      insert.run(keyName({ keysPerPrefix }, number), -number - 1, number + 1, nowMs);
    }
  });
  database
    .prepare("INSERT INTO buckets (id, name, owner_id, created_at_ms) VALUES (1, 'bench', 'o', 1)")
    .run();
  for (let from = 0; from < keyCount; from += ROWS_PER_TRANSACTION) {
    insertRange(from, Math.min(keyCount, from + ROWS_PER_TRANSACTION));
  }
  database.prepare("UPDATE sequences SET last_value = ? WHERE name = 'object_id'").run(keyCount);
}
