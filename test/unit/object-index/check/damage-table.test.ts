import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CheckedIndex } from '../../../support/check-index.ts';
import { newObject, newPart, newUpload, putObject } from '../../../support/new-records.ts';
import { NOW_MS } from '../../../support/object-index.ts';

const ETAG = 'd41d8cd98f00b204e9800998ecf8427e';

let checked: CheckedIndex;
let filled: string;

beforeAll(async () => {
  filled = mkdtempSync(join(tmpdir(), 'filled-'));
  const index = await CheckedIndex.open();
  await fill(index);
  await index.close((path) => copyFileSync(path, join(filled, 'index.db')));
});

beforeEach(async () => {
  checked = await CheckedIndex.open(join(filled, 'index.db'));
});

afterEach(() => checked.close());
afterAll(() => rmSync(filled, { recursive: true }));

/** One of everything that an index can hold. */
async function fill({ index, bucketId }: CheckedIndex): Promise<void> {
  const file = (name: string, size = 10) => ({
    fileId: `group1/${size}-${name}`,
    fileOffset: 0,
    size,
  });
  const put = (key: string, segments: ReturnType<typeof file>[]) =>
    putObject(index, newObject(bucketId, key, { segments, etag: ETAG }));
  await put('empty', []);
  await put('whole', [file('whole')]);
  await put('whole2', [file('whole2')]);
  await put('long', [file('long1'), file('long2', 5), file('long3')]);
  await put('named', [file('named.jpg')]);
  const source = await put('shared', [file('shared')]);
  for (const key of ['copy1', 'copy2']) {
    await index.copyObject({
      ...{ source: { bucketId, key: 'shared' }, sourceObjectId: source.id, ownerId: 'owner' },
      ...{ destination: { bucketId, key }, lastModifiedMs: NOW_MS, description: null },
    });
  }
  for (const uploadId of ['completed', 'open']) {
    const upload = newUpload(bucketId, `${uploadId}-key`, uploadId);
    await index.createUpload(upload);
    await index.putPart(newPart(upload, 1, { segments: [file(`${uploadId}1`)], etag: ETAG }));
    const segments = [file(`${uploadId}2`), file(`${uploadId}3`)];
    await index.putPart(newPart(upload, 2, { segments, etag: ETAG }));
  }
  const parts = [1, 2].map((partNumber) => ({ partNumber, etag: ETAG }));
  await index.completeUpload({
    ...{ bucketId, key: 'completed-key', uploadId: 'completed', parts },
    ...{ etag: `${ETAG}-2`, checksum: null, lastModifiedMs: NOW_MS },
  });
  await index.queueDeletions(['group1/10-queued'], NOW_MS);
  await put('repaired', [file('old')]);
  const old = await index.findObject(bucketId, 'repaired');
  await index.copyObject({
    ...{ source: { bucketId, key: 'repaired' }, sourceObjectId: old?.id ?? 0, ownerId: 'owner' },
    ...{ destination: { bucketId, key: 'not-found' }, lastModifiedMs: NOW_MS, description: null },
  });
  const locations = [{ bucketId, key: 'repaired' }];
  await index.repointFile({ oldFileId: 'group1/10-old', newFileId: 'group1/10-new', locations });
  for (const [round, state] of (['Enabled', 'Suspended', 'Enabled'] as const).entries()) {
    await index.setBucketVersioning(bucketId, state);
    await put('versioned', [file(`versioned${round}`)]);
    await index.deleteObjects(bucketId, ['versioned', 'only-marker']);
  }
  await index.putAccessKey({
    ...{ accessKeyId: 'key', userId: 'owner', secretEncrypted: Buffer.from('x') },
    ...{ createdAtMs: NOW_MS, isActive: true, expiresAtMs: null },
  });
}

const objectOf = (key: string) => `(SELECT id FROM objects WHERE key = '${key}')`;
const insertObject = (bucket: string, key: string, id: number, file: string | null) =>
  `INSERT INTO objects (bucket_id, key, version_rank, id, size, etag, last_modified_ms, owner_id,
      file_id, headers, user_metadata)
    VALUES (${bucket}, '${key}', ${-id}, ${id}, 10, '${ETAG}', 1, 'owner',
      ${file === null ? 'NULL' : `'${file}'`}, '{}', '{}')`;

/** Damage, what is found, and whether it is mended: `true`, or the kinds that stay. */
const table: [what: string, sql: string, kinds: string[], mended: true | string[]][] = [
  [
    'the count of a shared file is lost',
    `DELETE FROM shared_files WHERE file_id = 'group1/10-shared'`,
    ['count-too-low'],
    true,
  ],
  [
    'the count of a shared file is too low',
    `UPDATE shared_files SET reference_count = 2 WHERE file_id = 'group1/10-shared'`,
    ['count-too-low'],
    true,
  ],
  [
    'the count of a shared file is too high',
    `UPDATE shared_files SET reference_count = 9 WHERE file_id = 'group1/10-shared'`,
    ['count-too-high'],
    true,
  ],
  [
    'a count of one',
    `INSERT INTO shared_files VALUES ('group1/10-whole', 1)`,
    ['count-needless'],
    true,
  ],
  [
    'a count too high for a file of one object',
    `INSERT INTO shared_files VALUES ('group1/10-whole', 2)`,
    ['count-too-high'],
    true,
  ],
  [
    'a count for a file that nothing refers to',
    `INSERT INTO shared_files VALUES ('group1/10-nobody', 2)`,
    ['counted-but-unused'],
    true,
  ],
  [
    'a count for what is no file ID',
    `INSERT INTO shared_files VALUES ('bad', 2)`,
    ['counted-but-unused'],
    true,
  ],
  [
    'a needed file in the deletion queue',
    `INSERT INTO deletion_queue (file_id, group_name, not_before_ms) VALUES ('group1/10-whole', 'group1', 1)`,
    ['queued-but-needed'],
    true,
  ],
  [
    'a segment in the deletion queue',
    `INSERT INTO deletion_queue (file_id, group_name, not_before_ms) VALUES ('group1/5-long2', 'group1', 1)`,
    ['queued-but-needed'],
    true,
  ],
  [
    'a replacement in the deletion queue, and its count lost',
    `INSERT INTO deletion_queue (file_id, group_name, not_before_ms) VALUES ('group1/10-new', 'group1', 1);
     DELETE FROM shared_files WHERE file_id = 'group1/10-new'`,
    ['queued-but-needed'],
    true,
  ],
  [
    'a queued file under the wrong group',
    `UPDATE deletion_queue SET group_name = 'group7'`,
    ['group-wrong'],
    true,
  ],
  [
    'something in the queue that is no file ID',
    `INSERT INTO deletion_queue (file_id, group_name, not_before_ms) VALUES ('bad', 'bad', 1)`,
    ['file-id-malformed'],
    true,
  ],
  [
    'a replica check under the wrong group',
    `UPDATE replica_checks SET group_name = 'group7' WHERE file_id = 'group1/10-whole'`,
    ['group-wrong'],
    true,
  ],
  [
    'a replica check of what is no file ID',
    `INSERT INTO replica_checks VALUES ('bad', 1, 'bad', 1, 'key', 1, 0)`,
    ['file-id-malformed'],
    true,
  ],
  [
    'a replacement of a file that nothing refers to',
    `INSERT INTO replaced_files VALUES ('group1/10-gone', 'group1/10-kept')`,
    ['replaced-needless'],
    true,
  ],
  [
    'a replacement that is no file ID',
    `INSERT INTO replaced_files VALUES ('group1/10-whole', 'bad')`,
    ['file-id-malformed'],
    true,
  ],
  [
    'a replacement that was replaced',
    `INSERT INTO replaced_files VALUES ('group1/10-whole', 'group1/10-old');
     UPDATE shared_files SET reference_count = reference_count + 1 WHERE file_id = 'group1/10-old';
     INSERT INTO shared_files VALUES ('group1/10-old', 2) ON CONFLICT DO NOTHING`,
    ['replaced-chain'],
    true,
  ],
  [
    'a name of a file that nothing refers to',
    `INSERT INTO named_files VALUES ('group1/10-nobody.jpg', 1, 'key', 0)`,
    ['name-unused'],
    true,
  ],
  [
    'a name that leads to another object',
    `INSERT INTO named_files VALUES ('group1/10-named.jpg', 1, 'whole', 0)`,
    ['name-astray'],
    true,
  ],
  [
    'a file that was imported, or was not',
    `INSERT INTO named_files VALUES ('group1/10-named.jpg', 1, 'whole', 1)`,
    ['imported-unclear', 'name-astray'],
    true,
  ],
  [
    'a name and a count for a file that nothing refers to',
    `INSERT INTO named_files VALUES ('group1/10-nobody.jpg', 1, 'key', 1);
     INSERT INTO shared_files VALUES ('group1/10-nobody.jpg', 2)`,
    ['counted-but-unused', 'name-unused'],
    true,
  ],
  [
    'the sequence of object numbers set back',
    `UPDATE sequences SET last_value = 3 WHERE name = 'object_id'`,
    ['sequence-behind'],
    true,
  ],
  ['the sequence lost', `DELETE FROM sequences`, ['sequence-behind'], true],
  [
    'segments of an object that is not there',
    `DELETE FROM objects WHERE key = 'long'`,
    ['dead-rows'],
    true,
  ],
  [
    'segments and parts of an object that is not there',
    `DELETE FROM objects WHERE key = 'completed-key'`,
    ['dead-rows'],
    true,
  ],
  [
    'a dead row with a file that an object needs, not counted',
    `INSERT INTO segments VALUES (1, 0, 0, 10, 'group1/10-whole', 0); DELETE FROM objects WHERE key = 'empty'`,
    ['count-too-low', 'dead-rows'],
    true,
  ],
  [
    'parts of an upload that is not there',
    `DELETE FROM uploads WHERE upload_id = 'open'`,
    ['dead-rows'],
    true,
  ],
  [
    'segments of a part that is not there',
    `DELETE FROM parts WHERE upload_id = 'open' AND part_number = 2`,
    ['dead-rows'],
    true,
  ],
  [
    'segments of an object that is one file',
    `INSERT INTO segments VALUES (${objectOf('whole')}, 0, 0, 10, 'group1/10-more', 0)`,
    ['needless-segments'],
    true,
  ],
  [
    'segments of an object, and a file that is not its own',
    `UPDATE objects SET file_id = 'group1/10-x' WHERE key = 'long'`,
    ['file-size-differs', 'needless-segments'],
    ['file-size-differs', 'needless-segments'],
  ],
  [
    'segments of a part, and what is no file ID',
    `UPDATE parts SET file_id = 'bad' WHERE upload_id = 'open' AND part_number = 2`,
    ['file-id-malformed', 'needless-segments'],
    ['file-id-malformed', 'needless-segments'],
  ],
  [
    'segments of a part that is one file',
    `INSERT INTO part_segments VALUES ('open', 1, 0, 10, 'group1/10-more', 0)`,
    ['needless-segments'],
    true,
  ],
  [
    'a list of parts of an object that was put',
    `INSERT INTO object_parts VALUES (${objectOf('whole')}, 1, 0, 10, NULL)`,
    ['needless-parts'],
    true,
  ],
  [
    'a wrong number of parts',
    `UPDATE objects SET part_count = 3 WHERE key = 'completed-key'`,
    ['part-count-wrong'],
    true,
  ],
  [
    'a part of the list is lost',
    `DELETE FROM object_parts WHERE part_number = 2`,
    ['part-count-wrong', 'part-gap'],
    ['part-count-wrong', 'part-gap'],
  ],
  [
    'a segment in the middle is lost',
    `DELETE FROM segments WHERE file_id = 'group1/5-long2'`,
    ['segment-gap'],
    ['segment-gap'],
  ],
  [
    'all segments are lost',
    `DELETE FROM segments WHERE object_id = ${objectOf('long')}`,
    ['segment-gap'],
    ['segment-gap'],
  ],
  [
    'a segment too many',
    `INSERT INTO segments VALUES (${objectOf('long')}, 0, 25, 5, 'group1/5-more', 0)`,
    ['segment-excess'],
    ['segment-excess'],
  ],
  [
    'two segments that overlap',
    `UPDATE segments SET start_offset = 8 WHERE file_id = 'group1/5-long2'`,
    ['segment-overlap'],
    ['segment-overlap'],
  ],
  [
    'another copy with a gap',
    `INSERT INTO segments VALUES (${objectOf('long')}, 1, 0, 10, 'group2/10-x', 0)`,
    ['segment-gap'],
    ['segment-gap'],
  ],
  [
    'a segment beyond the end of its file',
    `UPDATE segments SET file_offset = 3 WHERE file_id = 'group1/5-long2'`,
    ['segment-outside-file'],
    ['segment-outside-file'],
  ],
  [
    'a segment of a part is lost',
    `DELETE FROM part_segments WHERE file_id = 'group1/10-open2'`,
    ['segment-gap'],
    ['segment-gap'],
  ],
  [
    'the size of an object is not that of its file',
    `UPDATE objects SET size = 11 WHERE key = 'whole'`,
    ['file-size-differs'],
    ['file-size-differs'],
  ],
  [
    'an object with what is no file ID',
    `UPDATE objects SET file_id = 'bad' WHERE key = 'whole'`,
    ['file-id-malformed'],
    ['file-id-malformed'],
  ],
  [
    'an empty object with a file',
    `UPDATE objects SET file_id = 'group1/0-x' WHERE key = 'empty'`,
    ['file-of-nothing'],
    ['file-of-nothing'],
  ],
  [
    'two objects of one number',
    `UPDATE objects SET id = ${objectOf('whole2')}, version_rank = -${objectOf('whole2')} WHERE key = 'whole'`,
    ['object-id-twice'],
    ['object-id-twice'],
  ],
  [
    'an object with segments that has the number of others without',
    `UPDATE objects SET id = ${objectOf('long')}, version_rank = -${objectOf('long')}
      WHERE key IN ('copy1', 'whole')`,
    ['object-id-twice'],
    ['object-id-twice'],
  ],
  [
    'an object with parts that has the number of others without',
    `UPDATE objects SET id = ${objectOf('completed-key')}, version_rank = -${objectOf('completed-key')},
      key = REPLACE(key, 'empty', 'before') WHERE key IN ('empty', 'whole')`,
    ['object-id-twice'],
    ['object-id-twice'],
  ],
  [
    'an object with segments that has another number',
    `UPDATE objects SET id = 3000 WHERE key = 'long'`,
    ['dead-rows', 'segment-gap', 'sequence-behind', 'version-order'],
    ['dead-rows', 'segment-gap', 'version-order'],
  ],
  [
    'an object with segments that has the number of another one without',
    `UPDATE objects SET id = ${objectOf('whole')} WHERE key = 'long'`,
    ['dead-rows', 'object-id-twice', 'version-order'],
    ['dead-rows', 'object-id-twice', 'version-order'],
  ],
  [
    'a part that has another number',
    `UPDATE parts SET part_number = 7 WHERE upload_id = 'open' AND part_number = 2`,
    ['dead-rows', 'segment-gap'],
    ['dead-rows', 'segment-gap'],
  ],
  [
    'an object whose file ID is damaged, and a count for what may be its file',
    `UPDATE objects SET file_id = 'bad' WHERE key = 'whole'; INSERT INTO shared_files VALUES ('group1/10-whole', 2)`,
    ['counted-but-unused', 'file-id-malformed'],
    ['counted-but-unused', 'file-id-malformed'],
  ],
  [
    'a replacement of a file whose object has a damaged file ID',
    `UPDATE objects SET file_id = 'bad' WHERE file_id = 'group1/10-old'`,
    ['file-id-malformed', 'replaced-needless'],
    ['file-id-malformed', 'replaced-needless'],
  ],
  [
    'a rank that is not the number',
    `UPDATE objects SET version_rank = -1000 WHERE key = 'whole'`,
    ['sequence-behind', 'version-order'],
    ['version-order'],
  ],
  [
    'a version below a null version',
    insertObject('1', 'whole', 1, 'group1/10-x'),
    ['null-version-twice', 'object-id-twice', 'version-order'],
    ['null-version-twice', 'object-id-twice', 'version-order'],
  ],
  [
    'two null versions, one written while versioning was suspended',
    `${insertObject('1', 'whole', 1000, 'group1/10-x')};
      UPDATE objects SET version_id = 'null' WHERE id = 1000`,
    ['null-version-twice', 'sequence-behind'],
    ['null-version-twice'],
  ],
  [
    'a version id that no request can name',
    `UPDATE objects SET version_id = 'v1' WHERE key = 'whole'`,
    ['version-id-malformed'],
    ['version-id-malformed'],
  ],
  [
    'a delete marker with a size',
    `UPDATE objects SET is_delete_marker = 1, size = 10, etag = '', version_id = 'null'
      WHERE key = 'empty'`,
    ['marker-with-content', 'segment-gap', 'usage-wrong'],
    ['marker-with-content', 'segment-gap'],
  ],
  [
    'a delete marker without a version id',
    `UPDATE objects SET is_delete_marker = 1, etag = '' WHERE key = 'empty'`,
    ['marker-without-id', 'usage-wrong'],
    ['marker-without-id'],
  ],
  ['a bucket is lost', `DELETE FROM buckets`, ['bucket-missing', 'usage-wrong'], true],
  [
    'a bucket is lost, and its new name is taken',
    `DELETE FROM buckets; INSERT INTO buckets (id, name, owner_id, created_at_ms) VALUES (77, 'recovered-bucket-1', 'owner', 1)`,
    ['bucket-missing', 'usage-wrong'],
    true,
  ],
  [
    'what a bucket takes is counted wrong',
    'UPDATE bucket_usage SET object_count = object_count + 2, size_bytes = 0',
    ['usage-wrong'],
    true,
  ],
  [
    'what a user takes is counted wrong, and of a bucket not at all',
    'UPDATE user_usage SET size_bytes = size_bytes - 7; DELETE FROM bucket_usage',
    ['usage-wrong'],
    true,
  ],
  [
    'settings of a bucket that is not there',
    `INSERT INTO bucket_settings VALUES (99, 'policy', '{}', 1)`,
    ['dead-rows'],
    true,
  ],
  [
    'headers that are no JSON',
    `UPDATE objects SET headers = '{"content-type' WHERE key = 'whole'`,
    ['metadata-unreadable'],
    true,
  ],
  [
    'metadata of an upload that are no strings',
    `UPDATE uploads SET user_metadata = '{"a":1}'`,
    ['metadata-unreadable'],
    true,
  ],
  [
    'an ETag that is none',
    `UPDATE objects SET etag = 'x' WHERE key = 'whole'`,
    ['etag-malformed'],
    ['etag-malformed'],
  ],
  [
    'a negative size',
    `UPDATE objects SET size = -1 WHERE key = 'empty'`,
    ['size-wrong'],
    ['size-wrong'],
  ],
  [
    'half a checksum',
    `UPDATE objects SET checksum_type = 'FULL_OBJECT' WHERE key = 'whole'`,
    ['checksum-incomplete'],
    ['checksum-incomplete'],
  ],
  [
    'a key that is too long',
    `UPDATE objects SET key = printf('%.1025c', 'x') WHERE key = 'whole'`,
    ['key-malformed'],
    ['key-malformed'],
  ],
  ['no root user', `UPDATE users SET is_root = 0`, ['root-wrong'], ['root-wrong']],
  [
    'a key and a bucket without their user',
    `UPDATE users SET id = 'other'`,
    ['user-missing'],
    ['user-missing'],
  ],
  ['an index is lost', `DROP INDEX segments_of_file`, ['schema-differs'], ['schema-differs']],
];

it('an index with one of everything is clean', async () => {
  expect(await checked.check()).toMatchObject({ damages: [], leftOut: [], isSound: true });
});

describe.each(table)('%s', (_what, sql, kinds, mended) => {
  it(`is found${mended === true ? ' and mended' : ' and left as it is'}`, async () => {
    const files = needed();
    checked.execute(sql);
    const stillNeeded = needed().filter((fileId) => files.includes(fileId));
    expect(await checked.kinds()).toEqual(kinds);
    const findings = await checked.repair();
    expect(findings.openCount > 0).toBe(mended !== true);
    expect(await checked.kinds()).toEqual(mended === true ? [] : mended);
    // Whatever was readable is still there, and is not going to be deleted.
    expect(needed()).toEqual(expect.arrayContaining(stillNeeded));
    expect(checked.neededFilesInQueue()).toEqual([]);
  });
});

/** Files of objects and of parts that are not dead rows. */
function needed(): string[] {
  const rows = checked.query<{ file_id: string }>(
    `SELECT file_id FROM objects WHERE file_id IS NOT NULL
      UNION SELECT s.file_id FROM segments s JOIN objects o ON o.id = s.object_id AND o.file_id IS NULL
      UNION SELECT p.file_id FROM parts p JOIN uploads USING (upload_id) WHERE p.file_id IS NOT NULL
      UNION SELECT s.file_id FROM part_segments s JOIN parts p USING (upload_id, part_number)
        JOIN uploads USING (upload_id) WHERE p.file_id IS NULL`,
  );
  return rows.map((row) => row.file_id);
}

it('an imported file that is counted and unused is not queued when that is mended', async () => {
  const fileId = 'group1/10-nobody.jpg';
  checked.execute(`INSERT INTO named_files VALUES ('${fileId}', 1, 'key', 1);
    INSERT INTO shared_files VALUES ('${fileId}', 2)`);
  await checked.repair();
  expect(await checked.kinds()).toEqual([]);
  expect(checked.query('SELECT file_id FROM deletion_queue')).not.toContainEqual({
    file_id: fileId,
  });
});
