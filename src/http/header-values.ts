/** A strong validator, RFC 9110, section 8.8.3. */
export function quoteEtag(etag: string): string {
  return `"${etag}"`;
}

/** RFC 9110's date, to the second. */
export function httpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString();
}
