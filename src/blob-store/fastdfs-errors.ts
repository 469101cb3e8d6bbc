import {
  FastdfsConnectionError,
  FastdfsStatusError,
  TrackersUnreachableError,
} from '../fastdfs/client/errors.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import { BlobStoreError } from './blob-store.ts';

export function hasStatus(error: unknown, fastdfsStatus: number): error is FastdfsStatusError {
  return error instanceof FastdfsStatusError && error.fastdfsStatus === fastdfsStatus;
}

/** Whether FastDFS failed, and not the content, the caller or our own code. */
export function isFastdfsFailure(error: unknown): error is Error {
  return (
    error instanceof FastdfsStatusError ||
    error instanceof FastdfsConnectionError ||
    error instanceof TrackersUnreachableError
  );
}

/**
 * A `BlobStoreError` for what FastDFS did. Everything else, such as a signal's reason or what
 * content threw, is returned as it is.
 */
export function toBlobStoreError(error: unknown): unknown {
  if (!isFastdfsFailure(error)) return error;
  const reason = hasStatus(error, FASTDFS_STATUS.noSpace) ? 'no-space' : 'unavailable';
  return new BlobStoreError(reason, error.message, { cause: error });
}
