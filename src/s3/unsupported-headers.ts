import { GatewayError } from '../core/errors.ts';
import type { RequestHeaders } from './operation.ts';

/**
 * Headers that change what an operation means and that the gateway cannot honour. Ignoring one
 * would answer 200 to a promise not kept: an object believed encrypted, locked or private.
 * A value in `harmless` asks for nothing but what the gateway does anyway.
 */
const unsupported: readonly {
  readonly name: RegExp;
  readonly harmless?: readonly string[];
  /** Only for this operation. */
  readonly operation?: string;
}[] = [
  { name: /^x-amz-(copy-source-)?server-side-encryption/ },
  { name: /^x-amz-write-offset-bytes$/ },
  { name: /^x-amz-rename-/ },
  { name: /^x-amz-source-expected-bucket-owner$/ },
  { name: /^if-none-match$/, operation: 'DeleteObject' },
  { name: /^x-amz-optional-object-attributes$/, harmless: ['RestoreStatus'] },
];

/** Throws `NotImplemented` when a header asks for what `operationName` cannot do. */
export function refuseUnsupportedHeaders(headers: RequestHeaders, operationName: string): void {
  for (const [name, value] of headers.entries()) {
    if (!name.startsWith('x-amz-') && name !== 'if-none-match') continue;
    const rule = unsupported.find(
      (candidate) =>
        candidate.name.test(name) &&
        (candidate.operation === undefined || candidate.operation === operationName),
    );
    if (!rule || rule.harmless?.includes(value)) continue;
    throw new GatewayError('NotImplemented', {
      message: `The header ${name} is not supported here; leave it out.`,
      Header: name,
    });
  }
}
