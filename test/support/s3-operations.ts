import { Readable } from 'node:stream';
import { Access } from '../../src/core/access/access.ts';
import { GatewayError } from '../../src/core/errors.ts';
import type { Caller } from '../../src/core/services.ts';
import { errorEntry } from '../../src/http/errors.ts';
import { ReceivedHeaders } from '../../src/http/request-headers.ts';
import type { ChecksumAlgorithm } from '../../src/object-index/records.ts';
import { errorHeaders } from '../../src/s3/error-document.ts';
import type { S3Request, S3Response } from '../../src/s3/operation.ts';
import { createResolver } from '../../src/s3/operation-resolver.ts';
import { parseTarget } from '../../src/s3/request.ts';
import { routes } from '../../src/s3/route-table.ts';
import { runOperation } from '../../src/s3/run-operation.ts';
import { parseXml, type XmlElement } from '../../src/s3/xml.ts';
import type { TestCore } from './core-services.ts';
import { bytesOf, incomingContent } from './incoming-content.ts';

const resolve = createResolver(routes);

export interface SentRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly caller?: Caller;
}

/** An answer with its body read; errors are answers, too. */
export interface ReceivedResponse {
  readonly status: number;
  readonly headers: NonNullable<S3Response['headers']>;
  readonly bytes: Buffer;
  readonly text: string;
  /** Code of the error, null for success. */
  readonly code: string | null;
  readonly facts: GatewayError['facts'];
  /** The body's root element. */
  xml(rootName: string): XmlElement;
}

/** Routes and runs one request, as the S3 listener does after it has verified the signature. */
export async function send(
  core: TestCore,
  line: string,
  { headers = {}, body = '', caller = core.alice }: SentRequest = {},
): Promise<ReceivedResponse> {
  const [method = '', target = ''] = line.split(' ');
  try {
    const response = await dispatch(core, { method, target, headers, body, caller });
    const bytes =
      response.body instanceof Readable
        ? await bytesOf(response.body)
        : Buffer.from(response.body ?? '');
    return received(response.status, response.headers ?? {}, bytes, null);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return received(errorEntry(error.code).httpStatus, errorHeaders(error), Buffer.alloc(0), error);
  }
}

function received(
  status: number,
  headers: NonNullable<S3Response['headers']>,
  bytes: Buffer,
  error: GatewayError | null,
): ReceivedResponse {
  const text = bytes.toString();
  return {
    status,
    headers,
    bytes,
    text,
    code: error?.code ?? null,
    facts: error?.facts ?? {},
    xml: (rootName) => parseXml(text, rootName),
  };
}

async function dispatch(
  core: TestCore,
  sent: { method: string; target: string } & Required<SentRequest>,
): Promise<S3Response> {
  const { method, caller } = sent;
  const headers = ReceivedHeaders.parse(
    Object.entries({ host: 's3.test', ...sent.headers }).flat(),
  );
  const target = parseTarget(sent.target, null, []);
  const operation = resolve({ method, ...target, headers });
  const body = Buffer.from(sent.body);
  const checksum = declaredChecksum(sent.headers);
  const request: S3Request = {
    ...target,
    id: 'REQUEST1',
    method,
    headers,
    form: null,
    access: new Access(caller, {
      ...{ sourceIp: '127.0.0.1', isSecure: false, nowMs: core.now() },
      ...{ headers, query: target.query },
    }),
    signal: new AbortController().signal,
    content: () => incomingContent(body, checksum),
    text: async () => body.toString(),
  };
  return await runOperation(core, operation, request);
}

function declaredChecksum(headers: Readonly<Record<string, string>>) {
  for (const [name, checksumValue] of Object.entries(headers)) {
    const [, algorithm] = /^x-amz-checksum-((?:crc|sha).*)$/.exec(name) ?? [];
    if (algorithm === undefined) continue;
    const checksumAlgorithm = algorithm.toUpperCase() as ChecksumAlgorithm;
    return { checksumAlgorithm, declared: { checksumValue } };
  }
  return {};
}
