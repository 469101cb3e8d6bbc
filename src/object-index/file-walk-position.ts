/**
 * Where a walk over all references is: behind the row with these key values. `segments` are those
 * of the object last passed, which may have more of them than fit in a page.
 */
export type Position =
  | readonly ['parts', uploadId: string, partNumber: number]
  | readonly ['part_segments', uploadId: string, partNumber: number, startOffset: number]
  | readonly ['objects', bucketId: number, key: string, versionRank: number]
  | readonly [
      'segments',
      ...object: readonly [bucketId: number, key: string, versionRank: number, objectId: number],
      ...segment: readonly [copyNumber: number, startOffset: number],
    ];

const FIRST: Position = ['parts', '', 0];

/** What each kind of position is made of, in JSON. */
const shapes: ReadonlySet<string> = new Set([
  'parts string integer',
  'part_segments string integer integer',
  'objects integer string integer',
  'segments integer string integer integer integer integer',
]);

/** Cursors are kept in files by commands, so what is in them is not trusted. */
export function parsePosition(text: string | null): Position {
  if (text === null) return FIRST;
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    position = null;
  }
  const [table, ...values]: unknown[] = Array.isArray(position) ? position : [];
  const types = values.map((value) => (Number.isSafeInteger(value) ? 'integer' : typeof value));
  if (!shapes.has([table, ...types].join(' '))) throw new RangeError('the cursor is damaged');
  return position as Position;
}

export function renderPosition(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}
