/**
 * What can go wrong, in AWS's words where AWS has one. Each edge renders these codes in its own
 * form from one table; the table must have a row for each.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export type GatewayErrorCode =
  | 'AccessControlListNotSupported'
  | 'AccessDenied'
  | 'AccessForbidden'
  | 'AuthorizationHeaderMalformed'
  | 'AuthorizationQueryParametersError'
  | 'BadDigest'
  | 'BadRequest'
  | 'BucketAlreadyExists'
  | 'BucketAlreadyOwnedByYou'
  | 'BucketNotEmpty'
  | 'ConditionalRequestConflict'
  | 'DeleteConflict'
  | 'EntityAlreadyExists'
  | 'EntityTooLarge'
  | 'EntityTooSmall'
  | 'IllegalVersioningConfigurationException'
  | 'IncompleteBody'
  | 'InsufficientStorage'
  | 'InternalError'
  | 'InvalidAccessKeyId'
  | 'InvalidArgument'
  | 'IdempotencyParameterMismatch'
  | 'InvalidBucketAclWithBlockPublicAccessError'
  | 'InvalidBucketAclWithObjectOwnership'
  | 'InvalidBucketName'
  | 'InvalidBucketState'
  | 'InvalidChunkSizeError'
  | 'InvalidDigest'
  | 'InvalidLocationConstraint'
  | 'InvalidPart'
  | 'InvalidPartNumber'
  | 'InvalidPartOrder'
  | 'InvalidPolicyDocument'
  | 'InvalidRange'
  | 'InvalidRedirectLocation'
  | 'InvalidRequest'
  | 'InvalidRetentionPeriod'
  | 'InvalidStorageClass'
  | 'InvalidTag'
  | 'InvalidToken'
  | 'InvalidURI'
  | 'InvalidWriteOffset'
  | 'KeyTooLongError'
  | 'MalformedACLError'
  | 'MalformedPOSTRequest'
  | 'MalformedPolicy'
  | 'MalformedTrailerError'
  | 'MalformedXML'
  | 'MaxPostPreDataLengthExceededError'
  | 'MetadataTooLarge'
  | 'MethodNotAllowed'
  | 'MissingContentLength'
  | 'MissingRequestBodyError'
  | 'MissingSecurityHeader'
  | 'NoSuchBucket'
  | 'NoSuchCORSConfiguration'
  | 'NoSuchBucketPolicy'
  | 'NoSuchConfiguration'
  | 'NoSuchEntity'
  | 'NoSuchKey'
  | 'NoSuchLifecycleConfiguration'
  | 'NoSuchObjectLockConfiguration'
  | 'NoSuchTagSet'
  | 'NoSuchPublicAccessBlockConfiguration'
  | 'NoSuchUpload'
  | 'NoSuchVersion'
  | 'NoSuchWebsiteConfiguration'
  | 'NotImplemented'
  | 'ObjectLockConfigurationNotFoundError'
  | 'OriginFailed'
  | 'OwnershipControlsNotFoundError'
  | 'PreconditionFailed'
  | 'QuotaExceeded'
  | 'ReplicationConfigurationNotFoundError'
  | 'RequestHeaderSectionTooLarge'
  | 'RequestTimeout'
  | 'RequestTimeTooSkewed'
  | 'ServerSideEncryptionConfigurationNotFoundError'
  | 'ServiceUnavailable'
  | 'SignatureDoesNotMatch'
  | 'SlowDown'
  | 'TooManyParts'
  | 'UnexpectedContent'
  | 'UnresolvableGrantByEmailAddress'
  | 'XAmzContentSHA256Mismatch';

/**
 * Facts of one error. `message` replaces the table's default sentence; every other entry becomes
 * an element of the error document (`BucketName`, `ArgumentName`, `MaxMessageLengthBytes` …).
 */
export interface ErrorFacts {
  readonly message?: string;
  readonly [element: string]: string | number | undefined;
}

/** What was found in the place of an object. */
export interface MetDeleteMarker {
  readonly versionId: string;
  readonly lastModifiedMs: number;
}

export class GatewayError extends Error {
  readonly code: GatewayErrorCode;
  readonly facts: ErrorFacts;
  readonly deleteMarker: MetDeleteMarker | null;

  constructor(
    code: GatewayErrorCode,
    facts: ErrorFacts = {},
    options: { readonly cause?: unknown; readonly deleteMarker?: MetDeleteMarker } = {},
  ) {
    super(facts.message ?? code, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'GatewayError';
    this.code = code;
    this.facts = facts;
    this.deleteMarker = options.deleteMarker ?? null;
  }
}
