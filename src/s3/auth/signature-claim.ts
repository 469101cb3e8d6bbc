import type { CredentialScope } from './signature-v4.ts';

/** What a request says of its own signature, well-formed but not yet believed. */
export interface SignatureClaim {
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  /** `YYYYMMDD'T'HHMMSS'Z'`, the time that was signed. */
  readonly timestamp: string;
  /** Lower-case names, in the order of the claim. */
  readonly signedHeaders: readonly string[];
  /** 64 hex digits when genuine; anything that the client sent otherwise. */
  readonly signature: string;
  /** `x-amz-content-sha256` as it was signed. */
  readonly payloadHash: string;
  readonly isPresigned: boolean;
}

export interface ParsedCredential {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly terminal: string;
}

/** Splits `AKID/YYYYMMDD/REGION/SERVICE/aws4_request`; null when it has another shape. */
export function parseCredential(credential: string): ParsedCredential | null {
  // From the right, because other systems hand out access key ids with slashes.
  const match = /^(.+)\/(\d{8})\/([^/]*)\/([^/]*)\/([^/]*)$/.exec(credential);
  if (!match) return null;
  const [, accessKeyId = '', date = '', region = '', service = '', terminal = ''] = match;
  return { accessKeyId, date, region, service, terminal };
}

/** What is wrong with the scope, in AWS's words, with the facts that SDKs read; null when fine. */
export function scopeProblem(
  credential: ParsedCredential,
  expected: { readonly timestamp: string; readonly region: string },
): { readonly message: string; readonly Region?: string } | null {
  if (credential.region !== expected.region) {
    return {
      message: `the region '${credential.region}' is wrong; expecting '${expected.region}'`,
      // Clients that find the element sign again for this region.
      Region: expected.region,
    };
  }
  if (credential.service !== 's3') {
    return {
      message: `incorrect service "${credential.service}". This endpoint belongs to "s3".`,
    };
  }
  if (credential.terminal !== 'aws4_request') {
    return {
      message: `incorrect terminal "${credential.terminal}". This endpoint uses "aws4_request".`,
    };
  }
  if (credential.date !== expected.timestamp.slice(0, 8)) {
    return {
      message: `Invalid credential date "${credential.date}". This date is not the same as X-Amz-Date: "${expected.timestamp.slice(0, 8)}".`,
    };
  }
  return null;
}

/** `a;b;c` of lower-case header names; null when it is not such a list. */
export function parseSignedHeaders(text: string): readonly string[] | null {
  const names = text.split(';');
  return names.every((name) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) ? names : null;
}
