import { DEFAULT_RESPONSE_LAYOUT, type ResponseLayout } from '../protocol/response-layout.ts';

/**
 * What a test wants to go wrong at one of the two servers. May be changed at any time; each request
 * looks when it starts. All is off at first.
 */
export class ServiceFaults {
  /** New connections are accepted and closed at once, as FastDFS does when it has too many. */
  closeNewConnections = false;
  /** Commands that are received and never answered. */
  unanswered: ReadonlySet<number> | 'all' = new Set();
  /** Statuses to answer instead of doing what the command says. */
  statuses: ReadonlyMap<number, number> = new Map();
  /** Every request waits so long before anything is done about it. */
  delayMs = 0;
  /** Responses leave in pieces of this size, each in a packet of its own; null for whole ones. */
  replyPieceBytes: number | null = null;
  /** The connection is reset after this many bytes of a response, header included. */
  resetAfterReplyBytes: number | null = null;
  /** A response stops for good after this many bytes, header included. */
  stallAfterReplyBytes: number | null = null;
  /** Record layouts and address widths of other versions. */
  layout: ResponseLayout = DEFAULT_RESPONSE_LAYOUT;

  isUnanswered(code: number): boolean {
    return this.unanswered === 'all' || this.unanswered.has(code);
  }
}

export class TrackerFaults extends ServiceFaults {
  /** Where the tracker sends clients instead of to the storage server. */
  storageAddress: { readonly host: string; readonly port: number } | null = null;
  /** `StorageStatus` that the tracker lists, while its queries answer 2; null for ACTIVE. */
  storageStatus: number | null = null;
}

export class StorageFaults extends ServiceFaults {
  /** Files that this storage server pretends not to have, as a replica that lags: status 2. */
  missingFiles: ReadonlySet<string> | 'all' = new Set();
  /** The disk takes this many more bytes and is full then; null for the real disk. */
  diskBytesLeft: number | null = null;
  /** Free bytes of the store path, to compare with the reserve; null for the real ones. */
  freeBytes: number | null = null;
  /** Whatever needs the disk waits, also in the middle of an upload, until this is off again. */
  hangingDisk = false;
  /**
   * What becomes of a large body that is refused before its end. `dropped` is for clients' good;
   * real storage servers take what follows their buffer for new `commands` (protocol, 12.5).
   */
  restOfRefusedBody: 'dropped' | 'commands' = 'dropped';
  /** Position in files of a byte that every download of it gets wrong. */
  corruptByteAt: number | null = null;
  /** New file IDs carry a CRC-32 that is not that of the content. */
  wrongChecksum = false;
  /** The connection is reset when this many bytes of an upload's content have come. */
  resetAfterContentBytes: number | null = null;
  /** Append, modify and truncate that change nothing echo the request body, as FastDFS does. */
  echoBodies = false;
  /**
   * `refuse`: 22 for an offset at or beyond the end, lengths are clamped (6.15.4 and later).
   * `empty`: offset = size gives an empty body, a length beyond the end 22, and an offset beyond the
   * end no answer at all (before).
   */
  downloadBeyondEnd: 'refuse' | 'empty' = 'refuse';
  /** A download answers status 2 with the length that would have followed, and closes. */
  vanishAtDownload = false;

  isMissing(fileName: string): boolean {
    return this.missingFiles === 'all' || this.missingFiles.has(fileName);
  }
}

/** The switches of an embedded node that runs in the same process as the test. */
export class Faults {
  readonly tracker = new TrackerFaults();
  readonly storage = new StorageFaults();

  /** All off again. */
  reset(): void {
    Object.assign(this.tracker, new TrackerFaults());
    Object.assign(this.storage, new StorageFaults());
  }
}
