import { ProtocolError } from '../errors.ts';
import type { FieldReader } from '../fields.ts';

/** Exactly `count` records up to the end of the body. */
export function readRecords<T>(
  fields: FieldReader,
  count: number,
  recordSize: number,
  read: () => T,
): T[] {
  if (fields.left !== count * recordSize) {
    throw new ProtocolError(`${fields.left} bytes are not ${count} records of ${recordSize}`);
  }
  return Array.from({ length: count }, read);
}
