import { ProtocolError } from '../protocol/errors.ts';
import { decodeFileName, type FileNameFields } from '../protocol/file-name-fields.ts';
import { isReadable, isSource, isWritable, type StorageMember } from './storage-member.ts';

/** Seconds after which a tracker takes every file for replicated; its `storage_sync_file_max_delay`. */
export const SYNC_DELAY_SECONDS_MAX = 86_400;
/** Seconds that one file may take to be replicated; a tracker's `storage_sync_file_max_time`. */
const SYNC_FILE_SECONDS_MAX = 300;

/**
 * The storage servers of a group that a tracker believes to have a file, by its name alone
 * (protocol, 10.3): for an appender or slave file its source only. When there is none, the first
 * writable one is named all the same, though it may lack the file. Empty when none is readable.
 */
export function readCandidates(
  members: readonly StorageMember[],
  fileName: string,
  nowSeconds: number,
): readonly StorageMember[] {
  const name = tryDecodeName(fileName);
  const readable = members.filter(isReadable);
  const candidates = readable.filter(
    (member) =>
      name === null ||
      isSource(member, name.source) ||
      (isNormal(name) && isReplicated(member, name.timestamp, nowSeconds)),
  );
  if (candidates.length > 0) return candidates;
  const first = members.find((member) => isWritable(member) && isReadable(member));
  return first === undefined ? readable.slice(0, 1) : [first];
}

/** The source of a file, when the name tells one of the group. */
export function sourceOf(
  members: readonly StorageMember[],
  fileName: string,
): StorageMember | undefined {
  const name = tryDecodeName(fileName);
  return name === null ? undefined : members.find((member) => isSource(member, name.source));
}

function isNormal({ kind }: FileNameFields): boolean {
  return kind === 'normal' || kind === 'trunk';
}

function isReplicated(member: StorageMember, timestamp: number, nowSeconds: number): boolean {
  if (timestamp < nowSeconds - SYNC_DELAY_SECONDS_MAX) return true;
  const { lastSyncedTimestamp } = member.stat();
  if (lastSyncedTimestamp > timestamp) return true;
  return lastSyncedTimestamp + 1 >= timestamp && nowSeconds - timestamp > SYNC_FILE_SECONDS_MAX;
}

function tryDecodeName(fileName: string): FileNameFields | null {
  try {
    return decodeFileName(fileName);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
