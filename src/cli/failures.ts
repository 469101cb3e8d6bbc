import { ConfigError } from '../config.ts';
import { GatewayError, type GatewayErrorCode } from '../core/errors.ts';

/** The command line is wrong in a way that its parser cannot see. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export const exitCodes = { failed: 1, misused: 2 } as const;

export function exitCodeOf(error: unknown): number {
  const isMisuse = error instanceof ConfigError || error instanceof UsageError;
  return isMisuse ? exitCodes.misused : exitCodes.failed;
}

/** Sentences for codes whose facts carry none. */
const sentences: Partial<Record<GatewayErrorCode, string>> = {
  BucketAlreadyExists: 'Another user has a bucket of that name.',
  BucketAlreadyOwnedByYou: 'The bucket exists already.',
  BucketNotEmpty: 'The bucket is not empty; delete its objects first.',
  InvalidBucketName:
    'A bucket name has 3 to 63 lower-case letters, digits, dots and dashes, as in a host name.',
  InvalidLocationConstraint: 'The location has characters that are not allowed.',
  NoSuchBucket: 'There is no bucket of that name.',
};

/** What went wrong, one line for each thing. */
export function describeFailure(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems;
  if (error instanceof GatewayError) {
    return [error.facts.message ?? sentences[error.code] ?? error.code];
  }
  return [error instanceof Error ? error.message : String(error)];
}
