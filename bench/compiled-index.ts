import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectIndex } from '../src/object-index/object-index.ts';
import type * as SqliteIndex from '../src/object-index/sqlite-index.ts';
import type { NewObject } from '../src/object-index/write-requests.ts';

/** Opens an index as a gateway has it: compiled, with its threads. */
export async function openCompiledIndex(
  settings: Omit<SqliteIndex.SqliteIndexSettings, 'deleteDelayMs'>,
): Promise<ObjectIndex> {
  const url = new URL('../dist/object-index/sqlite-index.js', import.meta.url).href;
  const { openSqliteIndex } = (await import(url)) as typeof SqliteIndex;
  return openSqliteIndex({ deleteDelayMs: 0, ...settings });
}

/** Runs `task` in a directory that is removed afterwards, below BENCH_DIR where that is set. */
export async function inDirectory<T>(task: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'fastdfs-s3-bench-'));
  try {
    return await task(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function makeBucket(index: ObjectIndex): Promise<number> {
  const { bucket } = await index.createBucket({
    name: 'bench',
    ownerId: 'owner',
    locationConstraint: null,
    createdAtMs: Date.now(),
  });
  return bucket.id;
}

/** What a PUT of 4 KiB writes. */
export function benchObject(bucketId: number, key: string): NewObject {
  return {
    bucketId,
    key,
    ownerId: '5d0f4f4c-9a5c-4d0e-9d3a-0d4f7f1f2c11',
    size: 4096,
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
    checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: 'AAAAAAAAAAA=' },
    lastModifiedMs: Date.now(),
    segments: [
      {
        fileId: `group1/M00/00/00/CgAAAWc_${key}.bin`,
        fileOffset: 0,
        size: 4096,
        isReplicated: true,
      },
    ],
    headers: { 'content-type': 'application/octet-stream' },
    userMetadata: {},
  };
}
