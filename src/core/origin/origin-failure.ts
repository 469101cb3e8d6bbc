import { GatewayError } from '../errors.ts';
import { OriginError, type OriginErrorReason } from './origin.ts';

const sentences = {
  unreachable: 'The origin of this bucket cannot be reached.',
  timeout: 'The origin of this bucket did not answer in time.',
  refused: 'The origin of this bucket refused to give the object.',
  altered: 'The origin of this bucket sent other content than it announced.',
  'too-large': 'The object at the origin of this bucket is larger than the bucket takes from it.',
} as const satisfies Record<OriginErrorReason, string>;

/** What clients are told of a failed origin: neither where it is nor what it said. */
export function originFailure(error: unknown): unknown {
  if (!(error instanceof OriginError)) return error;
  const message = `${sentences[error.reason]} Nothing was stored.`;
  return new GatewayError('OriginFailed', { message }, { cause: error });
}
