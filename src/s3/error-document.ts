import { BlobStoreError } from '../blob-store/blob-store.ts';
import { GatewayError } from '../core/errors.ts';
import { IndexError } from '../object-index/object-index.ts';
import { errorEntry } from './errors.ts';
import { httpDate } from './object-headers.ts';
import { renderXml } from './xml.ts';

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

/** What every error document tells besides the error. */
export interface ErrorContext {
  /** Path as received, without the query. */
  readonly resource: string;
  readonly requestId: string;
  readonly hostId: string;
}

/** AWS's error document: Code, Message, the error's own facts, Resource, RequestId, HostId. */
export function renderError(error: GatewayError, context: ErrorContext): string {
  const { message, ...facts } = error.facts;
  return renderXml(
    'Error',
    {
      Code: error.code,
      Message: message ?? errorEntry(error.code).message,
      ...facts,
      Resource: context.resource,
      RequestId: context.requestId,
      HostId: context.hostId,
    },
    { xmlns: null },
  );
}

/** Response headers that an error brings besides the document. */
export function errorHeaders(error: GatewayError): Record<string, string | number> {
  const headers: Record<string, string | number> = {};
  const { retryAfterSeconds } = errorEntry(error.code);
  if (retryAfterSeconds !== undefined) headers['retry-after'] = retryAfterSeconds;
  if (error.facts.Allow !== undefined) headers.allow = error.facts.Allow;
  if (error.deleteMarker) {
    headers['x-amz-delete-marker'] = 'true';
    headers['x-amz-version-id'] = error.deleteMarker.versionId;
    if (error.code === 'MethodNotAllowed') {
      headers.allow = 'DELETE';
      headers['last-modified'] = httpDate(error.deleteMarker.lastModifiedMs);
    }
  }
  if (error.code === 'InvalidRange' && error.facts.ActualObjectSize !== undefined) {
    headers['content-range'] = `bytes */${error.facts.ActualObjectSize}`;
  }
  return headers;
}
