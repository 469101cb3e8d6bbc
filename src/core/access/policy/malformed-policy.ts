import { GatewayError } from '../../errors.ts';

/** A policy that cannot be what its author meant, in AWS's words where AWS's are known. */
export function malformedPolicy(message: string): GatewayError {
  return new GatewayError('MalformedPolicy', { message });
}
