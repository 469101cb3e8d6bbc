import { BlobStoreError } from '../blob-store/blob-store.ts';
import { GatewayError } from '../core/errors.ts';
import { IndexError } from '../object-index/object-index.ts';

/** What went wrong, in the gateway's codes; the cause is kept for the log, never for the client. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof BlobStoreError) {
    if (error.reason === 'unavailable') {
      return new GatewayError('ServiceUnavailable', {}, { cause: error });
    }
    if (error.reason === 'no-such-group') {
      const { message } = error;
      return new GatewayError('ServiceUnavailable', { message }, { cause: error });
    }
    if (error.reason === 'no-space') {
      return new GatewayError('InsufficientStorage', {}, { cause: error });
    }
    if (error.reason === 'exists') {
      const { message } = error;
      return new GatewayError('EntityAlreadyExists', { message }, { cause: error });
    }
    // The index says that the file is there: its absence or corruption is our fault, not a 404.
    return new GatewayError('InternalError', {}, { cause: error });
  }
  if (error instanceof IndexError) {
    if (error.reason === 'overloaded') return new GatewayError('SlowDown', {}, { cause: error });
    if (error.reason === 'full') {
      // Not 507, which no SDK tries again: an operator makes room while clients wait.
      const message = 'The object index has no space left. Please try again.';
      return new GatewayError('ServiceUnavailable', { message }, { cause: error });
    }
  }
  return new GatewayError('InternalError', {}, { cause: error });
}
