import type { GatewayErrorCode } from '../core/errors.ts';
import { errorEntry } from '../http/errors.ts';
import type { HttpResponse } from '../http/send-response.ts';
import { toGatewayError } from '../http/to-gateway-error.ts';

/** What this door refuses a request with: a status of HTTP and a sentence for a person. */
export class FilesError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    options: { readonly headers?: Readonly<Record<string, string>>; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FilesError';
    this.status = status;
    this.headers = options.headers ?? {};
  }
}

/**
 * Where the status is not S3's. Proxies go on to the next gateway after a 502, but not after a 503
 * (nginx's `proxy_next_upstream` in the usual configuration).
 */
const ownStatuses: Partial<Readonly<Record<GatewayErrorCode, number>>> = {
  EntityTooLarge: 413,
  InvalidAccessKeyId: 401,
  QuotaExceeded: 507,
  RequestTimeout: 408,
  ServiceUnavailable: 502,
};

export function toFilesError(thrown: unknown): FilesError {
  if (thrown instanceof FilesError) return thrown;
  const error = toGatewayError(thrown);
  const { httpStatus, message, retryAfterSeconds } = errorEntry(error.code);
  const said = error.facts.message ?? message;
  return new FilesError(ownStatuses[error.code] ?? httpStatus, String(said), {
    ...(retryAfterSeconds && { headers: { 'retry-after': String(retryAfterSeconds) } }),
    cause: thrown,
  });
}

/** JSON for programs that ask for it, and for all uploads; else a small page. */
export function renderFailure(
  { status, message, headers }: FilesError,
  accept: string | undefined,
): HttpResponse & { readonly body: string } {
  const isJson = accept !== undefined && /\bjson\b/i.test(accept) && !/\bhtml\b/i.test(accept);
  const common = { 'cache-control': 'no-store', ...headers };
  if (isJson) {
    const body = JSON.stringify({ code: status, message, success: false });
    return { status, headers: { ...common, 'content-type': 'application/json' }, body };
  }
  const text = message.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  const body = `<html><head><title>${status}</title></head><body><h1>${status}</h1><p>${text}</p></body></html>\n`;
  return { status, headers: { ...common, 'content-type': 'text/html; charset=utf-8' }, body };
}
