import aws4 from 'aws4';
import { ReceivedHeaders } from '../../src/http/request-headers.ts';
import type { AuthenticationRequest } from '../../src/s3/auth/authentication.ts';
import { parseTarget } from '../../src/s3/request.ts';
import { testKey } from './s3-server.ts';

export const testHost = 'localhost:9000';

export interface RequestToSign {
  readonly method?: string;
  /** Path and query, encoded. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly region?: string;
  readonly service?: string;
  readonly signQuery?: boolean;
  readonly key?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface SignedHttpRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string>;
}

/** Signs with aws4, which shares no code with the verifier. */
export function signRequest(request: RequestToSign): SignedHttpRequest {
  const { accessKeyId, secretAccessKey } = request.key ?? testKey;
  const signed = aws4.sign(
    {
      method: request.method ?? 'GET',
      host: testHost,
      path: request.target,
      service: request.service ?? 's3',
      region: request.region ?? 'us-east-1',
      headers: { ...request.headers },
      ...(request.body !== undefined && { body: request.body }),
      ...(request.signQuery && { signQuery: true }),
    },
    { accessKeyId, secretAccessKey },
  );
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(signed.headers ?? {})) headers[name] = String(value);
  return { method: signed.method ?? 'GET', target: signed.path ?? '/', headers };
}

/** As the listener would hand it to authentication. */
export function received(request: SignedHttpRequest): AuthenticationRequest {
  const rawHeaders = Object.entries(request.headers).flat();
  // A Host in the wrong place would be signed as it is and sent by every client.
  if (!Object.keys(request.headers).some((name) => name.toLowerCase() === 'host')) {
    rawHeaders.push('host', testHost);
  }
  return {
    method: request.method,
    target: parseTarget(request.target, testHost, []),
    headers: ReceivedHeaders.parse(rawHeaders),
  };
}
