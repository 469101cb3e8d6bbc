import type { GatewayError } from '../core/errors.ts';
import { errorEntry } from '../http/errors.ts';
import { httpDate } from '../http/header-values.ts';
import { renderXml } from './xml.ts';

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
