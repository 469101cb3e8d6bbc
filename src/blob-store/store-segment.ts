import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import type { Content } from '../fastdfs/client/storage-client.ts';
import type { StoreTarget } from '../fastdfs/protocol/commands/query-store.ts';
import { uploadFile } from '../fastdfs/protocol/commands/upload-file.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import { formatFileId } from '../fastdfs/protocol/file-id.ts';
import { decodeFileName } from '../fastdfs/protocol/file-name-fields.ts';
import { BlobStoreError, type StoredFile } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { hasStatus, isFastdfsFailure, toBlobStoreError } from './fastdfs-errors.ts';
import { refusalWaitFor } from './refusal-wait.ts';
import { type UploadRequest, UploadTargets } from './upload-targets.ts';

/** The content of one file. */
export interface Segment extends UploadRequest {
  /** As `StoreOptions.extension`. */
  readonly extension: string;
  /** The content for one try. */
  open(): Content;
  /** Whether another try can be made, with `open` called again. */
  isReplayable(): boolean;
  /** CRC-32 of what was sent; asked for after the upload. */
  crc32(): number;
  /** Told of the file as soon as it exists, corrupt or not. */
  onStored(file: StoredFile): void;
}

/** A file, and the storage server that took it. */
export interface TakenFile {
  readonly file: StoredFile;
  readonly takenBy: ServerAddress;
}

/** Storage servers that one file is offered to at most, … */
const STORE_TRIES_MAX = 4;
/** … none of them later than this: clients give up, too. */
const STORE_RETRY_MS_MAX = 30_000;

/**
 * Stores one file and compares what its name says with what was sent. Rejects with
 * `BlobStoreError`, what the content throws, or the signal's reason.
 */
export function storeSegment(cluster: Cluster, segment: Segment): Promise<TakenFile> {
  return cluster.storeAnswers.whileUploading(() => tryServers(cluster, segment));
}

async function tryServers(cluster: Cluster, segment: Segment): Promise<TakenFile> {
  const startedAtMs = performance.now();
  const targets = new UploadTargets(cluster, segment);
  let failure = null as Failure | null;
  for (let tries = 0; tries < STORE_TRIES_MAX; tries++) {
    if (performance.now() - startedAtMs > STORE_RETRY_MS_MAX) break;
    const target = await nextTarget(targets, failure);
    if (target === null) break;
    if (failure !== null) tellFailover(cluster, failure);
    try {
      return { file: await storeAt(cluster, target, segment), takenBy: target };
    } catch (error) {
      cluster.health.failed(target, 'write', error);
      if (segment.signal.aborted || !mayWorkElsewhere(error)) throw toBlobStoreError(error);
      cluster.view.distrust();
      failure = { target, error, verdict: worseOf(failure?.verdict ?? null, error) };
      if (!segment.isReplayable()) break;
    }
  }
  const nobodyAsked = new BlobStoreError('unavailable', 'no storage server is left to ask');
  throw toBlobStoreError(failure?.verdict ?? nobodyAsked);
}

interface Failure {
  readonly target: StoreTarget;
  readonly error: Error;
  /** What to tell when no other server takes the file. */
  readonly verdict: Error;
}

/** 22 points to a mistake of ours, which every server would refuse. */
function mayWorkElsewhere(error: unknown): error is Error {
  if (error instanceof BlobStoreError) return error.reason === 'corrupt';
  return isFastdfsFailure(error) && !hasStatus(error, FASTDFS_STATUS.invalid);
}

/** "No space" is the verdict only when all say so; other troubles pass. */
function worseOf(first: Error | null, second: Error): Error {
  return first === null || hasStatus(first, FASTDFS_STATUS.noSpace) ? second : first;
}

function tellFailover(cluster: Cluster, { target, error }: Failure): void {
  const server = renderAddress(target);
  cluster.onEvent({ kind: 'failover', command: uploadFile.name, server, error });
}

async function nextTarget(
  targets: UploadTargets,
  failure: Failure | null,
): Promise<StoreTarget | null> {
  try {
    return await targets.next();
  } catch (error) {
    throw toBlobStoreError(isFastdfsFailure(error) ? (failure?.verdict ?? error) : error);
  }
}

async function storeAt(
  cluster: Cluster,
  target: StoreTarget,
  segment: Segment,
): Promise<StoredFile> {
  const { storePathIndex } = target;
  const request = { storePathIndex, fileSize: segment.size, extension: segment.extension };
  const content = segment.open();
  cluster.health.attempt(target, 'write');
  const file = await cluster.storage.uploadFile(target, request, content, {
    signal: segment.signal,
    refusalWaitMs: refusalWaitFor(cluster, target),
  });
  cluster.health.works(target, 'write');
  const stored = { fileId: formatFileId(file), size: segment.size, isReplicated: false };
  segment.onStored(stored);
  const { size, crc32 } = decodeFileName(file.fileName);
  if (size === segment.size && crc32 === segment.crc32()) return stored;
  const { fileId } = stored;
  const server = renderAddress(target);
  cluster.onEvent({ kind: 'checksum-mismatch', direction: 'upload', server, fileId });
  throw new BlobStoreError(
    'corrupt',
    `${fileId} says size ${size} and CRC-32 ${crc32}; ` +
      `${segment.size} bytes with CRC-32 ${segment.crc32()} were sent`,
  );
}
