/**
 * Linux errno numbers by name: FastDFS puts them on the wire as they are, also when this server
 * runs on a system that numbers them differently.
 */
export const errno = {
  ENOENT: 2,
  EIO: 5,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  ENAMETOOLONG: 36,
  EOPNOTSUPP: 95,
  EDQUOT: 122,
} as const;

/** System errors that mean that a name leads somewhere it must not: the name is invalid, 22. */
const escapingNames = new Set(['ELOOP', 'ENOTDIR']);

/** A request that is answered with a status other than 0. */
export class RefusedRequest extends Error {
  readonly fastdfsStatus: number;

  constructor(fastdfsStatus: number, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'RefusedRequest';
    this.fastdfsStatus = fastdfsStatus;
  }
}

/** The status that tells a client about `error`; 5 (EIO) for what has no errno of its own. */
export function fastdfsStatusOf(error: unknown): number {
  if (error instanceof RefusedRequest) return error.fastdfsStatus;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === undefined) return errno.EIO;
  if (escapingNames.has(code)) return errno.EINVAL;
  return (errno as Record<string, number>)[code] ?? errno.EIO;
}

/** An error that looks like the system's, for faults that tests ask for. */
export function systemError(code: keyof typeof errno, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${message}`), { code, errno: -errno[code] });
}
