import type { Damage, DamagePlace } from '../damage.ts';
import { type CheckRun, GroupedRows, scan } from './check-run.ts';
import { TileCheck } from './check-tiles.ts';

type SegmentColumns = readonly [
  objectId: number,
  copyNumber: number,
  startOffset: number,
  size: number,
  fileId: string,
  fileOffset: number,
];
type PartColumns = readonly [
  objectId: number,
  partNumber: number,
  startOffset: number,
  size: number,
];
type ObjectColumns = readonly [
  id: number,
  size: number,
  partCount: number | null,
  fileId: string | null,
  etag: string | null,
];

/** Objects, in order of their numbers, with the rows that belong to them. */
export function checkContents(run: CheckRun): void {
  const segments = new GroupedRows<SegmentColumns>(
    scan(
      run,
      `SELECT object_id, copy_number, start_offset, size, file_id, file_offset
        FROM segments ORDER BY object_id, copy_number, start_offset`,
    ),
  );
  const parts = new GroupedRows<PartColumns>(
    scan(
      run,
      `SELECT object_id, part_number, start_offset, size
        FROM object_parts ORDER BY object_id, part_number`,
    ),
  );
  const objects = new GroupedRows<ObjectColumns>(
    scan(
      run,
      `SELECT id, size, part_count, file_id,
          CASE WHEN part_count IS NOT NULL THEN etag END FROM objects ORDER BY id`,
    ),
  );
  for (let id = objects.nextId; id !== null; id = objects.nextId) {
    const alike = objects.take(id);
    const { value: object } = alike.next();
    const isTwice = passBy(alike) > 0;
    dropDead(run, segments, 'segments', id);
    dropDead(run, parts, 'object_parts', id);
    if (isTwice || !object) {
      // Nobody knows which of them the rows belong to, so that none may pass for needless.
      passBy(segments.take(id));
      passBy(parts.take(id));
      tellTwice(run, id);
      continue;
    }
    checkSegments(run, object, segments.take(id));
    checkParts(run, object, parts.take(id));
  }
  dropDead(run, segments, 'segments', Number.POSITIVE_INFINITY);
  dropDead(run, parts, 'object_parts', Number.POSITIVE_INFINITY);
}

function passBy(rows: Iterable<unknown>): number {
  let count = 0;
  for (const _row of rows) count += 1;
  return count;
}

function tellTwice({ found }: CheckRun, objectId: number): void {
  found({
    kind: 'object-id-twice',
    severity: 'severe',
    place: { objectId },
    problem: `Two objects have the number ${objectId}, so that deleting one may take the other's segments along. Copy each to a new key before anything else.`,
    repair: null,
  });
}

/** Rows of objects that come before `id` and do not exist: their group was not asked for. */
function dropDead(
  { found }: CheckRun,
  rows: GroupedRows<SegmentColumns> | GroupedRows<PartColumns>,
  table: 'segments' | 'object_parts',
  id: number,
): void {
  for (let objectId = rows.nextId; objectId !== null && objectId < id; objectId = rows.nextId) {
    const count = passBy(rows.take(objectId));
    found({
      kind: 'dead-rows',
      severity: 'warning',
      place: { objectId },
      problem: `There are ${count} rows of ${table} for the object ${objectId}, which does not exist.`,
      repair: { name: 'dead-object-rows', table },
    });
  }
}

function checkSegments(
  run: CheckRun,
  [objectId, size, , wholeFileId]: ObjectColumns,
  rows: Iterable<SegmentColumns>,
): void {
  const tell = teller(run, { objectId });
  const copies = new Map<number, TileCheck>();
  for (const [, copyNumber, startOffset, segmentSize, fileId, fileOffset] of rows) {
    const copy = copies.get(copyNumber) ?? new TileCheck();
    copies.set(copyNumber, copy);
    copy.add({ startOffset, size: segmentSize });
    if (wholeFileId === null) {
      checkPiece(run, { objectId, fileId }, { size: segmentSize, fileOffset });
    }
  }
  if (wholeFileId !== null) {
    if (copies.size === 0) return;
    const problem = 'It is one whole file and has segments besides, which nothing reads.';
    const repair = isFileOf(run, wholeFileId, size)
      ? ({ name: 'needless-segments' } as const)
      : null;
    tell('needless-segments', 'warning', problem, repair);
    return;
  }
  if (size > 0 && !copies.has(0)) copies.set(0, new TileCheck());
  for (const [copyNumber, copy] of copies) {
    const problem = copy.end(size);
    if (problem === null) continue;
    const which = copyNumber === 0 ? '' : ` of copy ${copyNumber}`;
    const severity = problem.kind === 'gap' && copyNumber === 0 ? 'severe' : 'error';
    const advice = 'Restore a backup, or upload the object again.';
    tell(`segment-${problem.kind}`, severity, `${upper(problem.text)}${which}. ${advice}`);
  }
}

/** Whether a file can be all that an object or part consists of; else its segments may be. */
export function isFileOf(run: CheckRun, fileId: string, size: number): boolean {
  const file = run.readFileId(fileId);
  return file !== null && size > 0 && (file.size === null || file.size === size);
}

/** Of segments of objects and of parts: what lies outside of its file cannot be read. */
export function checkPiece(
  run: CheckRun,
  place: DamagePlace & { readonly fileId: string },
  { size, fileOffset }: { readonly size: number; readonly fileOffset: number },
): void {
  const { fileId } = place;
  const file = run.readFileId(fileId);
  const advice = 'Restore a backup, or upload it again.';
  const tell = teller(run, place);
  if (file === null) {
    const text = JSON.stringify(fileId.slice(0, 200));
    tell('file-id-malformed', 'severe', `${text} is no file ID. ${advice}`);
  } else if (size <= 0 || fileOffset < 0 || (file.size !== null && fileOffset + size > file.size)) {
    const bounds = file.size === null ? '' : ` of ${file.size} bytes`;
    const problem = `It needs ${size} bytes at ${fileOffset} of the file ${fileId}${bounds}. ${advice}`;
    tell('segment-outside-file', 'severe', problem);
  }
}

function checkParts(
  run: CheckRun,
  [objectId, size, partCount, , etag]: ObjectColumns,
  rows: Iterable<PartColumns>,
): void {
  const tell = teller(run, { objectId });
  const tiles = new TileCheck();
  for (const [, , startOffset, partSize] of rows) tiles.add({ startOffset, size: partSize });
  if (partCount === null) {
    if (tiles.count === 0) return;
    const problem = `It was not uploaded in parts, and there is a list of ${tiles.count}.`;
    tell('needless-parts', 'warning', problem, { name: 'needless-object-parts' });
    return;
  }
  const problem = tiles.end(size);
  if (problem) {
    const advice = 'Reads by part number fail; copying the object onto itself does not mend it.';
    tell(`part-${problem.kind}`, 'error', `In its list of parts, ${problem.text}. ${advice}`);
  }
  if (tiles.count === partCount) return;
  // The ETag of a multipart object ends in the number of its parts.
  const isCertain = problem === null && etag?.endsWith(`-${tiles.count}`) === true;
  tell(
    'part-count-wrong',
    'error',
    `Its number of parts is ${partCount}, and there are ${tiles.count}.`,
    isCertain ? { name: 'part-count', from: partCount, to: tiles.count } : null,
  );
}

function teller(run: CheckRun, place: DamagePlace) {
  return (
    kind: string,
    severity: Damage['severity'],
    problem: string,
    repair: Damage['repair'] = null,
  ): void => run.found({ kind, severity, place, problem, repair });
}

function upper(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
