import type { DamagePlace } from '../damage.ts';
import { checkPiece, isFileOf } from './check-contents.ts';
import { KEY_SIZE_BYTES_MAX } from './check-objects.ts';
import { type CheckRun, scan } from './check-run.ts';
import { describeTexts } from './check-texts.ts';
import { TileCheck } from './check-tiles.ts';

const ETAG = /^[0-9a-f]{32}$/;
const PART_NUMBER_MAX = 10_000;

/** Unfinished uploads with their parts. */
export function checkUploads(run: CheckRun): void {
  const uploads = scan<readonly [number, string, string, string, string]>(
    run,
    'SELECT bucket_id, key, upload_id, headers, user_metadata FROM uploads',
  );
  for (const [bucketId, key, uploadId, headers, userMetadata] of uploads) {
    const place = { bucketId, key, uploadId };
    const keySize = Buffer.byteLength(key);
    // Uploads by Kodo's API have no key until their end.
    if (keySize > KEY_SIZE_BYTES_MAX) {
      const problem = `Its key has ${keySize} bytes, so that no request can name it.`;
      run.found({ kind: 'key-malformed', severity: 'error', place, problem, repair: null });
    }
    describeTexts(run, 'uploads', place, { headers, user_metadata: userMetadata });
  }
  checkParts(run);
  findDeadParts(run);
  findDeadSegments(run);
}

/** A part, and one of its segments. */
type PartColumns = readonly [
  uploadId: string,
  partNumber: number,
  size: number,
  etag: string,
  fileId: string | null,
  bucketId: number,
  key: string,
  segmentOffset: number | null,
  segmentSize: number,
  segmentFileId: string,
  fileOffset: number,
];

function checkParts(run: CheckRun): void {
  const rows = scan<PartColumns>(
    run,
    `SELECT p.upload_id, p.part_number, p.size, p.etag, p.file_id, u.bucket_id, u.key,
        s.start_offset, s.size, s.file_id, s.file_offset
      FROM parts p JOIN uploads u ON u.upload_id = p.upload_id
        LEFT JOIN part_segments s ON s.upload_id = p.upload_id AND s.part_number = p.part_number
      ORDER BY p.upload_id, p.part_number, s.start_offset`,
  );
  let part: PartColumns | null = null;
  let tiles = new TileCheck();
  for (const row of rows) {
    if (part === null || part[0] !== row[0] || part[1] !== row[1]) {
      if (part) checkPart(run, part, tiles);
      part = row;
      tiles = new TileCheck();
    }
    if (row[7] === null) continue;
    tiles.add({ startOffset: row[7], size: row[8] });
    if (row[4] === null) {
      const place = { ...placeOf(row), fileId: row[9] };
      checkPiece(run, place, { size: row[8], fileOffset: row[10] });
    }
  }
  if (part) checkPart(run, part, tiles);
}

function placeOf([uploadId, partNumber, , , , bucketId, key]: PartColumns): DamagePlace {
  return { bucketId, key, uploadId, partNumber };
}

function checkPart(run: CheckRun, part: PartColumns, tiles: TileCheck): void {
  const [, partNumber, size, etag, fileId] = part;
  const place = placeOf(part);
  const tell = (kind: string, severity: 'severe' | 'error' | 'warning', problem: string): void =>
    run.found({ kind, severity, place, problem, repair: null });
  const advice = 'Upload the part again, or abort the upload.';
  if (partNumber < 1 || partNumber > PART_NUMBER_MAX) {
    tell('part-number-wrong', 'error', `No part can have the number ${partNumber}. ${advice}`);
  }
  if (!ETAG.test(etag)) {
    tell('etag-malformed', 'error', `ETag ${JSON.stringify(etag.slice(0, 200))}. ${advice}`);
  }
  if (fileId === null) {
    const problem = tiles.end(size);
    if (problem)
      tell(
        `segment-${problem.kind}`,
        'error',
        `Of its part ${partNumber} ${problem.text}. ${advice}`,
      );
    return;
  }
  if (tiles.count > 0) {
    run.found({
      kind: 'needless-segments',
      severity: 'error',
      place,
      problem: `Part ${partNumber} is one whole file and has segments besides, with which the upload cannot be completed.`,
      repair: isFileOf(run, fileId, size) ? { name: 'dead-part-segments' } : null,
    });
  }
  const file = run.readFileId(fileId);
  if (file === null) {
    tell(
      'file-id-malformed',
      'severe',
      `${JSON.stringify(fileId.slice(0, 200))} is no file ID. ${advice}`,
    );
  } else if (size <= 0 || (file.size !== null && file.size !== size)) {
    const problem = `The size of part ${partNumber} is ${size}, that of its file ${fileId} ${file.size}.`;
    tell('file-size-differs', 'severe', `${problem} ${advice}`);
  }
}

function findDeadParts(run: CheckRun): void {
  const rows = scan<readonly [string, number]>(
    run,
    `SELECT upload_id, COUNT(*) FROM parts
      WHERE NOT EXISTS (SELECT 1 FROM uploads WHERE uploads.upload_id = parts.upload_id)
      GROUP BY upload_id`,
  );
  for (const [uploadId, count] of rows) {
    const problem = `There are ${count} parts of an upload that does not exist.`;
    const repair = { name: 'dead-parts' } as const;
    run.found({ kind: 'dead-rows', severity: 'warning', place: { uploadId }, problem, repair });
  }
}

function findDeadSegments(run: CheckRun): void {
  const rows = scan<readonly [string, number, number]>(
    run,
    `SELECT upload_id, part_number, COUNT(*) FROM part_segments s
      WHERE NOT EXISTS (SELECT 1 FROM parts p
        WHERE p.upload_id = s.upload_id AND p.part_number = s.part_number)
      GROUP BY upload_id, part_number`,
  );
  for (const [uploadId, partNumber, count] of rows) {
    run.found({
      kind: 'dead-rows',
      severity: 'warning',
      place: { uploadId, partNumber },
      problem: `There are ${count} segments of a part ${partNumber} that does not exist.`,
      repair: { name: 'dead-part-segments' },
    });
  }
}
