import type { ImportedObject } from './file-requests.ts';
import { allIn, get, type Statements } from './statements.ts';

/** Columns that are found by file and say that something refers to it. */
const REFERENCES = [
  ['named_files', 'file_id'],
  ['shared_files', 'file_id'],
  ['segments', 'file_id'],
  ['parts', 'file_id'],
  ['part_segments', 'file_id'],
  ['replaced_files', 'old_file_id'],
  ['replaced_files', 'new_file_id'],
] as const;

/** What is known of the files of one batch of an import, inside its transaction. */
export class FileStates {
  readonly #referenced: Set<string>;
  readonly #queued: ReadonlySet<string>;

  private constructor(referenced: Set<string>, queued: ReadonlySet<string>) {
    this.#referenced = referenced;
    this.#queued = queued;
  }

  static *read(objects: readonly ImportedObject[]): Statements<FileStates> {
    const fileIds = [...new Set(objects.flatMap(filesOf))];
    const referenced = new Set<string>();
    for (const [table, column] of REFERENCES) {
      yield* addFound(referenced, table, column, fileIds);
    }
    const queued = new Set<string>();
    yield* addFound(queued, 'deletion_queue', 'file_id', fileIds);
    return new FileStates(referenced, queued);
  }

  /** Why an object cannot have these files; null when it can. */
  *judge(object: ImportedObject): Statements<'queued' | 'changed' | null> {
    if (filesOf(object).some((fileId) => this.#queued.has(fileId))) return 'queued';
    for (const { fileId, places } of object.uses) {
      if (this.#referenced.has(fileId)) continue;
      if (!(yield* isAny(fileId, places))) return 'changed';
      this.#referenced.add(fileId);
    }
    return null;
  }

  /** Parts the references that an object adds by whether there are others; what follows has these. */
  take(object: ImportedObject): { readonly shared: string[]; readonly fresh: string[] } {
    const shared: string[] = [];
    const fresh: string[] = [];
    for (const fileId of filesOf(object)) {
      (this.#referenced.has(fileId) ? shared : fresh).push(fileId);
      this.#referenced.add(fileId);
    }
    return { shared, fresh };
  }
}

function filesOf({ segments }: ImportedObject): string[] {
  return segments.map(({ fileId }) => fileId);
}

function* addFound(
  found: Set<string>,
  table: string,
  column: string,
  fileIds: readonly string[],
): Statements<void> {
  const rows = yield* allIn<{ readonly file_id: string }>(
    (list) => `SELECT ${column} AS file_id FROM ${table} WHERE ${column} IN (${list})`,
    [],
    fileIds,
  );
  for (const { file_id } of rows) found.add(file_id);
}

/** Whether the object of one of these keys is still the file. */
function* isAny(
  fileId: string,
  places: ImportedObject['uses'][number]['places'],
): Statements<boolean> {
  for (const { bucketId, key } of places) {
    const row = yield* get(
      'SELECT 1 FROM objects WHERE bucket_id = ? AND key = ? AND file_id = ? LIMIT 1',
      [bucketId, key, fileId],
    );
    if (row) return true;
  }
  return false;
}
