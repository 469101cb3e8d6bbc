import { GatewayError } from '../core/errors.ts';
import type { RequestHeaders } from '../http/request-headers.ts';

/** S3 has conditions for the write that ends an upload, and for no other of its operations. */
const unconditional = [
  'CreateMultipartUpload',
  'UploadPart',
  'UploadPartCopy',
  'AbortMultipartUpload',
] as const;

/**
 * Headers that change what an operation means and that the gateway cannot honour. Ignoring one
 * would answer 200 to a promise not kept: an object believed encrypted, locked or private.
 * A value in `harmless` asks for nothing but what the gateway does anyway.
 */
const unsupported: readonly {
  readonly name: RegExp;
  readonly harmless?: readonly string[];
  /** Only for these operations. */
  readonly operations?: readonly string[];
  /** Not for this one. */
  readonly butFor?: string;
}[] = [
  { name: /^x-amz-(copy-source-)?server-side-encryption/ },
  { name: /^x-amz-write-offset-bytes$/, butFor: 'PutObject' },
  { name: /^x-amz-rename-/, butFor: 'RenameObject' },
  { name: /^x-amz-if-match-initiated-time$/ },
  { name: /^if-none-match$/, operations: ['DeleteObject', ...unconditional] },
  { name: /^if-match$/, operations: unconditional },
  { name: /^x-amz-optional-object-attributes$/, harmless: ['RestoreStatus'] },
];

/** Throws `NotImplemented` when a header asks for what `operationName` cannot do. */
export function refuseUnsupportedHeaders(headers: RequestHeaders, operationName: string): void {
  for (const [name, value] of headers.entries()) {
    if (!name.startsWith('x-amz-') && !/^if-(none-)?match$/.test(name)) continue;
    const rule = unsupported.find(
      (candidate) =>
        candidate.name.test(name) &&
        (candidate.operations?.includes(operationName) ?? candidate.butFor !== operationName),
    );
    if (!rule || rule.harmless?.includes(value)) continue;
    throw new GatewayError('NotImplemented', {
      message: `The header ${name} is not supported here; leave it out.`,
      Header: name,
    });
  }
}
