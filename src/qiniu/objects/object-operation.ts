import type { Access } from '../../core/access/access.ts';
import type { ObjectName } from '../../core/kodo/entries.ts';
import type { QiniuServices } from '../operation.ts';

/** What an operation on objects works with. */
export interface ObjectContext {
  readonly access: Access;
  readonly services: QiniuServices;
}

/** One operation with its arguments, ready to run by itself or among others. */
export interface PreparedOperation {
  /** What it reads or writes. */
  readonly objects: readonly ObjectName[];
  /** Whether it leaves them as they are. */
  readonly isRead: boolean;
  /** Set for deletions, which run together. */
  readonly deletes?: ObjectName;
  /** The JSON of its answer; undefined for none. */
  run(context: ObjectContext): Promise<unknown>;
}

/** An operation on objects, which comes as a call of its own or in a batch. */
export interface ObjectOperation {
  /** First segment of its path. */
  readonly name: string;
  /**
   * `segments` are those behind the name, `options` the query of the path. Throws 400 for what is
   * malformed.
   */
  prepare(
    segments: readonly string[],
    options: { get(name: string): string | null },
  ): PreparedOperation;
}
