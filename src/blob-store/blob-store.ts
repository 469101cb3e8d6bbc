import type { Readable } from 'node:stream';
import type { BreakerState, ClusterState, PoolState } from './cluster-state.ts';

export type {
  BreakerState,
  ClusterState,
  GroupState,
  PoolState,
  StorageServerState,
} from './cluster-state.ts';

/** Bytes of one FastDFS file: all of it, or a range of it. */
export interface FilePiece {
  /** `group1/M00/00/00/…` */
  readonly fileId: string;
  /** First byte inside the file. */
  readonly offset: number;
  /** Bytes; always above 0. */
  readonly size: number;
}

/**
 * What an operator should be able to count. Servers are written `host:port`.
 *
 * - `failover`: a request went on to another storage server; `command` as `UPLOAD_FILE`.
 * - `breaker`: a tracker or storage server is left alone from now on, tried again, or used again.
 * - `replica-wait`: an upload waited for its replicas; `accepted` and `failed` say that too few came.
 * - `checksum-mismatch`: size or CRC-32 of a file are not those of its file ID.
 * - `connection-closed`: `reason` as the client's `CloseReason`.
 */
export type BlobStoreEvent =
  | { kind: 'failover'; command: string; server: string; error: Error }
  | {
      kind: 'breaker';
      server: string;
      role: 'tracker' | 'storage';
      use: 'read' | 'write';
      state: BreakerState;
      reason: string;
    }
  | {
      kind: 'replica-wait';
      fileId: string;
      outcome: 'confirmed' | 'accepted' | 'failed';
      durationMs: number;
    }
  | {
      kind: 'checksum-mismatch';
      direction: 'upload' | 'download';
      server: string;
      fileId: string;
    }
  | { kind: 'connection-closed'; server: string; reason: string };

/** A file that was stored in full: its size and CRC-32 agree with what was sent. */
export interface StoredFile {
  readonly fileId: string;
  readonly size: number;
  /**
   * Whether all storage servers of its group, ACTIVE or not, have said that they have it; false
   * when they were not asked.
   */
  readonly isReplicated: boolean;
}

export interface StoreOptions {
  /**
   * Ends the work when the client is gone or the gateway stops. A file that a storage server has
   * all bytes of is still waited for and told to `onStored`, or nobody could ever delete it.
   */
  readonly signal: AbortSignal;
  /** FastDFS group that must take the files; the tracker chooses when null. */
  readonly groupName?: string | null;
  /** Makes one file of all content, whatever `segmentSizeBytesMax`: a replacement of a file. */
  readonly isOneFile?: boolean;
  /**
   * What the file IDs end in, behind a dot: at most 6 letters, digits, `.`, `_` and `-`; none when
   * left out.
   */
  readonly extension?: string;
  /**
   * Makes one slave file of the content, in its master's group and with a name that follows from the
   * master's. Rejects with `exists` when there is one, `not-found` when there is no such master.
   */
  readonly slaveOf?: SlaveName;
  /**
   * Called for each file as soon as it exists, so that a caller whose store fails later knows which
   * files to queue for deletion; also for one that turns out to be corrupt, or that is stored again
   * in another group. A file that is told here and not returned is to be deleted.
   */
  readonly onStored?: (file: StoredFile) => void;
}

/** What names a slave file, besides its extension. */
export interface SlaveName {
  readonly masterFileId: string;
  /** 1 to 16 characters that follow the master's name: `_150x150`. */
  readonly prefix: string;
}

/**
 * - `normal`: a file of its own.
 * - `trunk`: one among others inside of a trunk file.
 * - `appender`: it can be changed after it was stored.
 * - `slave`: stored beside another file, under that one's name and a prefix.
 */
type FileKind = 'normal' | 'trunk' | 'appender' | 'slave';

/** What the ID of a file tells of it. */
export interface FileDescription {
  readonly groupName: string;
  readonly kind: FileKind;
  /** When it was stored, by the clock of the storage server that took it; of a slave, its master. */
  readonly storedAtMs: number;
  /**
   * Bytes, and the CRC-32 of all of them, unsigned. Null for files that can change (appender and
   * slave files), whose names do not tell.
   */
  readonly content: { readonly size: number; readonly crc32: number } | null;
}

/** What a storage server tells of a file. */
export interface FileStat {
  /** Bytes. */
  readonly size: number;
  /** When it was last written, by that server's clock. */
  readonly modifiedAtMs: number;
  /** Of all bytes, unsigned; null where neither the ID tells nor it was asked for. */
  readonly crc32: number | null;
}

/** What one storage server of a file's group says of the file. */
export interface FileCopy {
  /** `10.0.0.1:23000` */
  readonly server: string;
  /** Whether it took the upload. */
  readonly isSource: boolean;
  /**
   * `damaged`: there, with another size than the file ID tells. `unknown`: it is not ACTIVE, was not
   * asked since it failed lately, or did not answer; `problem` says why.
   */
  readonly state: 'present' | 'missing' | 'damaged' | 'unknown';
  readonly problem: string | null;
}

/**
 * Files on FastDFS. Stored files are immutable; a file ID is the only handle.
 *
 * Failures are `BlobStoreError`s, but for the reason of a signal, which is thrown as it is. Nothing
 * here knows keys, buckets or HTTP.
 */
export interface BlobStore {
  /**
   * Stores the whole buffer as files of at most `segmentSizeBytesMax`, in order. A storage server
   * that fails is replaced by another one unseen, since the bytes are all at hand.
   *
   * This and `storeStream` resolve when as many storage servers as configured have each file, or
   * reject with `unavailable` when they do not get it in time.
   */
  storeBuffer(content: Buffer, options: StoreOptions): Promise<StoredFile[]>;

  /**
   * Stores exactly `size` bytes (above 0) of `content` as files of at most `segmentSizeBytesMax`.
   * When the content throws, that error is rethrown as it is and the unfinished file is
   * abandoned (the storage server removes it); finished ones were told to `onStored`. The last
   * chunk is sent only after the content has ended well, so content that fails at its very end
   * (a wrong digest) leaves its last file unfinished too.
   */
  storeStream(
    content: AsyncIterable<Buffer>,
    size: number,
    options: StoreOptions,
  ): Promise<StoredFile[]>;

  /**
   * Opens the pieces, in order, as one stream of bytes. Resolves when the first piece's bytes are
   * known to come, so that a caller can still answer with an error status; a failure later
   * destroys the stream with the error, so a short body never looks whole.
   */
  open(
    pieces: Iterable<FilePiece> | AsyncIterable<FilePiece>,
    options: { readonly signal: AbortSignal },
  ): Promise<Readable>;

  /**
   * All bytes of one piece at once: for small pieces, which cost half as much that way. A storage
   * server that fails at whatever byte is replaced unseen.
   */
  read(piece: FilePiece, options: { readonly signal: AbortSignal }): Promise<Buffer>;

  /**
   * Deletes a file; resolves too when its source server says that it is gone already, or when the
   * source has left the cluster and all other servers of the group say so. Rejects with
   * 'unavailable' when no server of the group could be talked to, so that its other files would
   * fare no better, and with 'refused' for troubles of this file.
   */
  delete(fileId: string, options: { readonly signal: AbortSignal }): Promise<void>;

  /** Asks nobody. Throws `BlobStoreError` ('not-found') for what is no file ID. */
  describeFile(fileId: string): FileDescription;

  /**
   * The ID that such a slave file has, whether or not it exists. Asks nobody. Throws
   * `BlobStoreError` ('not-found' for what is no file ID, 'refused' for names that cannot be).
   */
  slaveFileId(name: SlaveName, extension: string): string;

  /**
   * Asks the file's source, and others of its group only when that cannot tell. `withCrc32` makes
   * the server read an appender or slave file through, 2 ms per MiB. Rejects with `BlobStoreError`
   * ('not-found' also for what is no file ID, 'unavailable') or the signal's reason.
   */
  statFile(
    fileId: string,
    options: { readonly signal: AbortSignal; readonly withCrc32?: boolean },
  ): Promise<FileStat>;

  /**
   * Asks every storage server of the file's group, side by side, whether it has the file. An empty
   * list when no tracker tells the group. With `isOneEnough` the source is asked first, and its
   * answer is the only one when it has the file. Rejects with `BlobStoreError` ('not-found') for
   * what is no file ID, or the signal's reason.
   */
  findCopies(
    fileId: string,
    options: { readonly signal: AbortSignal; readonly isOneEnough?: boolean },
  ): Promise<readonly FileCopy[]>;

  /**
   * Opens one server's copy of a file, all of it, as it is: neither its size nor its CRC-32 is
   * compared with the file ID, and no other server is asked. `server` is written as `findCopies`
   * does. Rejects with `BlobStoreError` ('not-found', 'unavailable').
   */
  openCopy(
    fileId: string,
    server: string,
    options: { readonly signal: AbortSignal },
  ): Promise<Readable>;

  /**
   * What the trackers say, seconds ago at most. Never throws: an unreachable cluster is a state as
   * well.
   */
  clusterState(): Promise<ClusterState>;

  /** The connections of now. */
  poolStates(): readonly PoolState[];

  close(): Promise<void>;
}

/**
 * - `unavailable`: no tracker or no usable storage server could be reached; worth a retry.
 * - `no-such-group`: no tracker lists the group that must take the file; worth a retry, too.
 * - `no-space`: every group that may take the file is at its reserve.
 * - `not-found`: no server that must have the file has it.
 * - `corrupt`: size or CRC-32 on the storage server differ from what was sent.
 * - `refused`: storage servers answered, but a file could not be deleted; or no file has that name.
 * - `exists`: a slave file of that name is there already.
 */
export type BlobStoreErrorReason =
  | 'unavailable'
  | 'no-such-group'
  | 'no-space'
  | 'not-found'
  | 'corrupt'
  | 'refused'
  | 'exists';

export class BlobStoreError extends Error {
  readonly reason: BlobStoreErrorReason;

  constructor(reason: BlobStoreErrorReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'BlobStoreError';
    this.reason = reason;
  }
}
