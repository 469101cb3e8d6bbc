import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CheckedIndex } from '../../../support/check-index.ts';
import { anyWrite, RandomWriter } from '../../../support/random-writes.ts';

/** The machine may be busy. */
const TIMEOUT_MS = 60_000;

const someWrites = fc.array(anyWrite, { minLength: 1, maxLength: 60 });

async function withIndex(use: (checked: CheckedIndex) => Promise<void>): Promise<void> {
  const checked = await CheckedIndex.open();
  try {
    await use(checked);
  } finally {
    await checked.close();
  }
}

it(
  'any writes leave an index that is clean',
  async () => {
    const property = fc.asyncProperty(someWrites, (writes) =>
      withIndex(async (checked) => {
        const writer = new RandomWriter(checked.index, checked.bucketId);
        for (const write of writes) await writer.write(write);
        expect((await checked.check()).damages).toEqual([]);
      }),
    );
    await fc.assert(property, { numRuns: 25 });
  },
  TIMEOUT_MS,
);

/** Tables of which rows are lost, doubled in number or changed; `n` picks the row. */
const random = (table: string) =>
  `${table} LIMIT 1 OFFSET (:n % MAX(1, (SELECT COUNT(*) FROM ${table})))`;
const oneOf = (column: string, table: string) => `(SELECT ${column} FROM ${random(table)})`;
const anyFile = `COALESCE((SELECT file_id FROM (SELECT file_id FROM objects WHERE file_id IS NOT NULL
  UNION ALL SELECT file_id FROM segments UNION ALL SELECT file_id FROM parts WHERE file_id IS NOT NULL
  UNION ALL SELECT file_id FROM part_segments UNION ALL SELECT file_id FROM shared_files
  UNION ALL SELECT new_file_id FROM replaced_files UNION ALL SELECT old_file_id FROM replaced_files
  UNION ALL SELECT 'group1/5-nobody' UNION ALL SELECT 'bad') LIMIT 1 OFFSET :n % 9), 'group1/5-other')`;

const damages = [
  `DELETE FROM objects WHERE id = ${oneOf('id', 'objects')}`,
  `DELETE FROM segments WHERE file_id = ${oneOf('file_id', 'segments')}`,
  `DELETE FROM object_parts WHERE size = ${oneOf('size', 'object_parts')}`,
  `DELETE FROM uploads WHERE upload_id = ${oneOf('upload_id', 'uploads')}`,
  `DELETE FROM parts WHERE part_number = ${oneOf('part_number', 'parts')}`,
  `DELETE FROM part_segments WHERE part_number = ${oneOf('part_number', 'part_segments')}`,
  `DELETE FROM shared_files WHERE file_id = ${oneOf('file_id', 'shared_files')}`,
  `DELETE FROM replaced_files WHERE old_file_id = ${oneOf('old_file_id', 'replaced_files')}`,
  `DELETE FROM deletion_queue WHERE id = ${oneOf('id', 'deletion_queue')}`,
  'DELETE FROM buckets',
  'UPDATE sequences SET last_value = :n % 5',
  `UPDATE objects SET file_id = ${anyFile} WHERE id = ${oneOf('id', 'objects')}`,
  `UPDATE objects SET size = :n % 12 WHERE id = ${oneOf('id', 'objects')}`,
  `UPDATE objects SET part_count = :n % 3 WHERE id = ${oneOf('id', 'objects')}`,
  `UPDATE objects SET id = 1 + :n % 40 WHERE id = ${oneOf('id', 'objects')}`,
  `UPDATE segments SET file_id = ${anyFile} WHERE object_id = ${oneOf('object_id', 'segments')}`,
  `UPDATE segments SET size = :n % 9 WHERE object_id = ${oneOf('object_id', 'segments')}`,
  `UPDATE parts SET file_id = ${anyFile} WHERE part_number = ${oneOf('part_number', 'parts')}`,
  `UPDATE shared_files SET reference_count = 1 + :n % 5 WHERE file_id = ${oneOf('file_id', 'shared_files')}`,
  `INSERT INTO shared_files SELECT f, 1 + :n % 4 FROM (SELECT ${anyFile} AS f) WHERE f IS NOT NULL
    ON CONFLICT DO NOTHING`,
  `INSERT INTO deletion_queue (file_id, group_name, not_before_ms)
    SELECT f, 'group' || :n % 3, 1 FROM (SELECT ${anyFile} AS f) WHERE f IS NOT NULL ON CONFLICT DO NOTHING`,
  `INSERT INTO replaced_files SELECT ${anyFile}, f FROM (SELECT ${anyFile.replace(':n', '(:n + 3)')} AS f)
    WHERE f IS NOT NULL AND ${anyFile} IS NOT NULL ON CONFLICT DO NOTHING`,
  `INSERT INTO segments SELECT :n % 9, 0, 0, 5, f, 0 FROM (SELECT ${anyFile} AS f) WHERE f IS NOT NULL
    ON CONFLICT DO NOTHING`,
  `INSERT INTO part_segments SELECT 'u' || :n % 3, 1 + :n % 2, 0, 5, f, 0
    FROM (SELECT ${anyFile} AS f) WHERE f IS NOT NULL ON CONFLICT DO NOTHING`,
];

const someDamage = fc.array(fc.record({ sql: fc.constantFrom(...damages), n: fc.nat(1_000) }), {
  minLength: 1,
  maxLength: 4,
});

/** What an object says of itself and of where its bytes are. */
const contents = (checked: CheckedIndex) =>
  checked.query<object>(
    `SELECT o.bucket_id, o.key, o.id, o.size, o.file_id, s.start_offset, s.file_id AS segment_file
      FROM objects o LEFT JOIN segments s ON s.object_id = o.id AND o.file_id IS NULL
      ORDER BY o.bucket_id, o.key, o.version_rank, s.start_offset`,
  );

it(
  'a repair drops no object, and queues no file that something refers to',
  async () => {
    const property = fc.asyncProperty(someWrites, someDamage, someWrites, (writes, damage, more) =>
      withIndex(async (checked) => {
        const writer = new RandomWriter(checked.index, checked.bucketId);
        for (const write of writes) await writer.write(write);
        for (const { sql, n } of damage) checked.execute(sql.replaceAll(':n', String(n)));
        const before = contents(checked);
        await checked.repair();
        expect(contents(checked)).toEqual(before);
        expect(checked.neededFilesInQueue()).toEqual([]);
        const left = (await checked.check()).damages;
        expect(left.filter(({ repair }) => repair !== null)).toEqual([]);
        if (left.length > 0) return;
        // What is clean stays so.
        for (const write of more) await writer.write(write);
        expect((await checked.check()).damages).toEqual([]);
      }),
    );
    await fc.assert(property, { numRuns: 30 });
  },
  TIMEOUT_MS,
);
