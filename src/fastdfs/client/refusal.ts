import { FASTDFS_STATUS } from '../protocol/errors.ts';
import type { Header } from '../protocol/frame.ts';
import type { CloseReason } from './close-reason.ts';
import { FastdfsConnectionError, FastdfsStatusError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { ServerAddress } from './server-address.ts';

export interface Refusal {
  readonly error: FastdfsStatusError | FastdfsConnectionError;
  /** Null when the connection stays in step. */
  readonly closeReason: CloseReason | null;
}

/**
 * What the header of a response says against the exchange; null when its body may be read.
 * `isUnsent` tells that part of the request has not left the process.
 */
export function refusalOf(
  address: ServerAddress,
  exchange: Exchange,
  { status, bodyLength }: Header,
  isUnsent: boolean,
): Refusal | null {
  const { command } = exchange;
  if (status === FASTDFS_STATUS.ok) {
    if (!isUnsent) return null;
    const problem = 'the server answered before the whole request was sent';
    return {
      error: new FastdfsConnectionError(command, address, 'send', problem),
      closeReason: 'early-answer',
    };
  }
  return {
    error: new FastdfsStatusError(command, address, status),
    closeReason: closeReasonOf(exchange, status, bodyLength, isUnsent),
  };
}

function closeReasonOf(
  exchange: Exchange,
  status: number,
  bodyLength: number,
  isUnsent: boolean,
): CloseReason | null {
  if (isUnsent) return 'early-answer';
  // The storage server does not discard the rest of a refused body: what it has not read yet it
  // takes for commands. Nothing tells us how much it had read, so no such connection is kept.
  if (exchange.contentSize > 0) return 'content-refused';
  // No body follows in spite of the length: a file vanished between two steps of a download.
  if (bodyLength > 0) return 'status-with-length';
  return status === FASTDFS_STATUS.invalid ? 'status-22' : null;
}
