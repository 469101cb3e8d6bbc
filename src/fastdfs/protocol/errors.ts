/**
 * Bytes that are not what the protocol allows, or values that cannot be put on the wire. On the
 * client's side the connection is out of step and must be closed; the server answers status 22.
 */
export class ProtocolError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ProtocolError';
  }
}

/** For layouts that only a trial tells: null when the bytes are not of the form that is tried. */
export function tryDecode<T>(decode: () => T): T | null {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

/** Statuses in response headers that callers tell apart; they are Linux errno numbers. */
export const FASTDFS_STATUS = {
  ok: 0,
  notFound: 2,
  ioError: 5,
  tryAgain: 11,
  permissionDenied: 13,
  busy: 16,
  exists: 17,
  isDirectory: 21,
  invalid: 22,
  noSpace: 28,
  notSupported: 95,
  already: 114,
} as const;

/** Linux errno numbers that FastDFS servers were seen or read to answer. */
const STATUSES: Readonly<Record<number, readonly [name: string, meaning: string]>> = {
  0: ['OK', 'success'],
  1: ['EPERM', 'operation not permitted'],
  2: ['ENOENT', 'no such file, group or usable storage server'],
  4: ['EINTR', 'interrupted'],
  5: ['EIO', 'read or write failed'],
  11: ['EAGAIN', 'not ready, try again'],
  12: ['ENOMEM', 'out of memory'],
  13: ['EACCES', 'permission denied'],
  16: ['EBUSY', 'busy or still in use'],
  17: ['EEXIST', 'exists already'],
  20: ['ENOTDIR', 'not a directory'],
  21: ['EISDIR', 'is a directory'],
  22: ['EINVAL', 'invalid request'],
  23: ['ENFILE', 'too many open files in the system'],
  24: ['EMFILE', 'too many open files'],
  27: ['EFBIG', 'file too large'],
  28: ['ENOSPC', 'no space left'],
  30: ['EROFS', 'read-only file system'],
  36: ['ENAMETOOLONG', 'name too long'],
  39: ['ENOTEMPTY', 'directory not empty'],
  61: ['ENODATA', 'no data'],
  95: ['EOPNOTSUPP', 'feature is off, or this tracker is not the leader'],
  104: ['ECONNRESET', 'connection reset'],
  107: ['ENOTCONN', 'not connected'],
  110: ['ETIMEDOUT', 'timed out'],
  111: ['ECONNREFUSED', 'connection refused'],
  113: ['EHOSTUNREACH', 'no route to host'],
  114: ['EALREADY', 'done already'],
  122: ['EDQUOT', 'disk quota exceeded'],
};

/** `ENOENT`, or `errno 77` for a number without a name here. */
export function statusName(fastdfsStatus: number): string {
  return STATUSES[fastdfsStatus]?.[0] ?? `errno ${fastdfsStatus}`;
}

/** `status 2 (ENOENT: no such file, group or usable storage server)`, for messages and logs. */
export function statusText(fastdfsStatus: number): string {
  const known = STATUSES[fastdfsStatus];
  return known
    ? `status ${fastdfsStatus} (${known[0]}: ${known[1]})`
    : `status ${fastdfsStatus} (unknown errno)`;
}
