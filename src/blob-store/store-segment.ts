import type { Content } from '../fastdfs/client/storage-client.ts';
import type { StoreTarget } from '../fastdfs/protocol/commands/query-store.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import { formatFileId } from '../fastdfs/protocol/file-id.ts';
import { decodeFileName } from '../fastdfs/protocol/file-name-fields.ts';
import { BlobStoreError, type StoredFile } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { hasStatus, isFastdfsFailure, toBlobStoreError } from './fastdfs-errors.ts';
import { UploadTargets } from './upload-targets.ts';

/** The content of one file. */
export interface Segment {
  /** Bytes; above 0. */
  readonly size: number;
  readonly groupName: string | null;
  readonly signal: AbortSignal;
  /** The content for one try. */
  open(): Content;
  /** Whether another try can be made, with `open` called again. */
  isReplayable(): boolean;
  /** CRC-32 of what was sent; asked for after the upload. */
  crc32(): number;
  /** Told of the file as soon as it exists, corrupt or not. */
  onStored(file: StoredFile): void;
}

/** Storage servers that one file is offered to at most. */
const STORE_TRIES_MAX = 4;

/**
 * Stores one file and compares what its name says with what was sent. Rejects with
 * `BlobStoreError`, what the content throws, or the signal's reason.
 */
export function storeSegment(cluster: Cluster, segment: Segment): Promise<StoredFile> {
  return cluster.storeAnswers.whileUploading(() => tryServers(cluster, segment));
}

async function tryServers(cluster: Cluster, segment: Segment): Promise<StoredFile> {
  const targets = new UploadTargets(cluster, segment.groupName, segment.signal);
  let failure: Error | null = null;
  for (let tries = 0; tries < STORE_TRIES_MAX; tries++) {
    const target = await nextTarget(targets, failure);
    if (target === null) break;
    try {
      return await storeAt(cluster, target, segment);
    } catch (error) {
      // 22 points to a mistake of ours, which every server would refuse.
      const isOurs = !isFastdfsFailure(error) || hasStatus(error, FASTDFS_STATUS.invalid);
      if (isOurs || segment.signal.aborted) throw toBlobStoreError(error);
      cluster.health.failed(target, 'write', error);
      cluster.view.distrust();
      // "No space" is the verdict only when all say so; other troubles pass.
      if (failure === null || hasStatus(failure, FASTDFS_STATUS.noSpace)) failure = error;
      if (!segment.isReplayable()) break;
    }
  }
  throw toBlobStoreError(failure);
}

async function nextTarget(
  targets: UploadTargets,
  failure: Error | null,
): Promise<StoreTarget | null> {
  try {
    return await targets.next();
  } catch (error) {
    throw toBlobStoreError(isFastdfsFailure(error) ? (failure ?? error) : error);
  }
}

async function storeAt(
  cluster: Cluster,
  target: StoreTarget,
  segment: Segment,
): Promise<StoredFile> {
  const { storePathIndex } = target;
  const request = { storePathIndex, fileSize: segment.size, extension: '' };
  const content = segment.open();
  cluster.health.attempt(target, 'write');
  const file = await cluster.storage.uploadFile(target, request, content, segment.signal);
  cluster.health.works(target, 'write');
  const fileId = formatFileId(file);
  segment.onStored({ fileId, size: segment.size });
  const { size, crc32 } = decodeFileName(file.fileName);
  if (size === segment.size && crc32 === segment.crc32()) return { fileId, size };
  throw new BlobStoreError(
    'corrupt',
    `${fileId} says size ${size} and CRC-32 ${crc32}; ` +
      `${segment.size} bytes with CRC-32 ${segment.crc32()} were sent`,
  );
}
