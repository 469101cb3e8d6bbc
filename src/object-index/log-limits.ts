/** When the write-ahead log is copied into the database, and started over from its beginning. */
export interface LogLimits {
  /** So much that is in the log only is copied into the database … */
  readonly passSizeBytes: number;
  /** … and any amount after this time. */
  readonly passIntervalMs: number;
  /**
   * A log that was not written to for so long is emptied. Until then its file keeps its size: syncs
   * inside it are faster than those that make it grow, which wait for whatever else the file system
   * has to write, the files of a storage server on the same disk for example.
   */
  readonly idleMs: number;
  /** From this size on, the log is started over in a gap between readers. */
  readonly restartSizeBytes: number;
  /** The larger the log beyond this, the longer writes wait for such a gap. */
  readonly sizeBytesMax: number;
  /** The longest such wait; half a second and more below the time after which a write gives up. */
  readonly readerWaitMsMax: number;
}

const MIB = 1024 * 1024;

export const LOG_LIMITS: LogLimits = {
  passSizeBytes: 16 * MIB,
  passIntervalMs: 5_000,
  idleMs: 60_000,
  restartSizeBytes: 64 * MIB,
  sizeBytesMax: 128 * MIB,
  readerWaitMsMax: 4_000,
};

/** Readers are waited for this long at first, four times as long with each `sizeBytesMax` more. */
const READER_WAIT_MS = 25;

export function readerWaitMs(sizeBytes: number, limits: LogLimits): number {
  const wait = READER_WAIT_MS * 4 ** Math.floor(sizeBytes / limits.sizeBytesMax);
  return Math.min(limits.readerWaitMsMax, wait);
}
