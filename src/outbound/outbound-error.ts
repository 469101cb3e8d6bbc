/**
 * - `forbidden-address`: the address (or the callback's host) is none that the gateway may talk to.
 * - `timeout`: nothing was heard in time.
 * - `unreachable`: no such host, refused, TLS failed, or the connection broke.
 * - `invalid-url`: no http or https URL, one with a password in it, or headers that cannot be sent.
 * - `too-many-redirects`: one more than the request allows.
 * - `too-large`: the body has more bytes than `readBody` was told to take.
 */
export type OutboundErrorReason =
  | 'forbidden-address'
  | 'timeout'
  | 'unreachable'
  | 'invalid-url'
  | 'too-many-redirects'
  | 'too-large';

/** Why a request to another server got no (whole) answer. The message may be shown to users. */
export class OutboundError extends Error {
  readonly reason: OutboundErrorReason;

  constructor(reason: OutboundErrorReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'OutboundError';
    this.reason = reason;
  }
}
