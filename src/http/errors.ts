import type { GatewayErrorCode } from '../core/errors.ts';

/** How one error code looks in S3's HTTP. */
interface S3ErrorEntry {
  readonly httpStatus: number;
  /** AWS's sentence, used unless the error brings its own. */
  readonly message: string;
  /** Seconds of `Retry-After`: the client is right to try again. */
  readonly retryAfterSeconds?: number;
}

/**
 * Statuses and sentences as AWS has them.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const s3Errors = {
  AccessControlListNotSupported: {
    httpStatus: 400,
    message: 'The bucket does not allow ACLs.',
  },
  AccessDenied: { httpStatus: 403, message: 'Access Denied' },
  AccessForbidden: { httpStatus: 403, message: 'Access Forbidden' },
  AuthorizationHeaderMalformed: {
    httpStatus: 400,
    message: 'The authorization header is malformed.',
  },
  AuthorizationQueryParametersError: {
    httpStatus: 400,
    message: 'The query parameters of the presigned request are malformed.',
  },
  BadDigest: {
    httpStatus: 400,
    message: 'The Content-MD5 or checksum value that you specified did not match what we received.',
  },
  BadRequest: { httpStatus: 400, message: 'Bad Request' },
  BucketAlreadyExists: {
    httpStatus: 409,
    message:
      'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
  },
  BucketAlreadyOwnedByYou: {
    httpStatus: 409,
    message: 'Your previous request to create the named bucket succeeded and you already own it.',
  },
  BucketNotEmpty: { httpStatus: 409, message: 'The bucket you tried to delete is not empty.' },
  ConditionalRequestConflict: {
    httpStatus: 409,
    message: 'A conflicting conditional operation is in progress against this resource. Try again.',
  },
  DeleteConflict: {
    httpStatus: 409,
    message: 'It cannot be deleted while other things depend on it.',
  },
  EntityAlreadyExists: { httpStatus: 409, message: 'An entity of that name exists already.' },
  EntityTooLarge: {
    httpStatus: 400,
    message: 'Your proposed upload exceeds the maximum allowed object size.',
  },
  EntityTooSmall: {
    httpStatus: 400,
    message: 'Your proposed upload is smaller than the minimum allowed object size.',
  },
  IllegalVersioningConfigurationException: {
    httpStatus: 400,
    message: 'The Versioning element must be specified',
  },
  IdempotencyParameterMismatch: {
    httpStatus: 400,
    message:
      'Parameters on this idempotent request are inconsistent with parameters used in previous request(s).',
  },
  IncompleteBody: {
    httpStatus: 400,
    message: 'The request body terminated unexpectedly.',
  },
  // AWS never fills up; 507 is WebDAV's status for it (RFC 4918, section 11.5).
  InsufficientStorage: {
    httpStatus: 507,
    message: 'The storage servers have no space left for this object.',
  },
  InternalError: {
    httpStatus: 500,
    message: 'We encountered an internal error. Please try again.',
  },
  InvalidAccessKeyId: {
    httpStatus: 403,
    message: 'The AWS Access Key Id you provided does not exist in our records.',
  },
  InvalidArgument: { httpStatus: 400, message: 'Invalid Argument' },
  InvalidBucketAclWithBlockPublicAccessError: {
    httpStatus: 400,
    message: 'Bucket cannot have public ACLs set with BlockPublicAccess enabled',
  },
  InvalidBucketAclWithObjectOwnership: {
    httpStatus: 400,
    message: "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  },
  InvalidBucketName: { httpStatus: 400, message: 'The specified bucket is not valid.' },
  InvalidBucketState: {
    httpStatus: 409,
    message: 'The request is not valid with the current state of the bucket.',
  },
  InvalidChunkSizeError: {
    httpStatus: 403,
    message: 'Only the last chunk is allowed to have a size less than 8192 bytes',
  },
  InvalidDigest: { httpStatus: 400, message: 'The Content-MD5 you specified is not valid.' },
  InvalidLocationConstraint: {
    httpStatus: 400,
    message: 'The specified location-constraint is not valid',
  },
  InvalidPart: {
    httpStatus: 400,
    message:
      "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  },
  InvalidPartNumber: {
    httpStatus: 416,
    message: 'The requested partnumber is not satisfiable',
  },
  InvalidPartOrder: {
    httpStatus: 400,
    message: 'The list of parts was not in ascending order. Parts must be ordered by part number.',
  },
  InvalidPolicyDocument: {
    httpStatus: 400,
    message:
      'The content of the form does not meet the conditions specified in the policy document.',
  },
  InvalidRange: { httpStatus: 416, message: 'The requested range is not satisfiable' },
  InvalidRedirectLocation: {
    httpStatus: 400,
    message: "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
  },
  InvalidRequest: { httpStatus: 400, message: 'Invalid Request' },
  InvalidRetentionPeriod: {
    httpStatus: 400,
    message: 'Default retention period must be a positive integer value.',
  },
  InvalidStorageClass: {
    httpStatus: 400,
    message: 'The storage class you specified is not valid',
  },
  InvalidTag: { httpStatus: 400, message: 'The tag provided was not a valid tag.' },
  InvalidToken: {
    httpStatus: 400,
    message: 'The provided token is malformed or otherwise invalid.',
  },
  InvalidURI: { httpStatus: 400, message: "Couldn't parse the specified URI." },
  InvalidWriteOffset: {
    httpStatus: 400,
    message: 'The write offset value that you specified does not match the current object size.',
  },
  KeyTooLongError: { httpStatus: 400, message: 'Your key is too long' },
  MalformedPOSTRequest: {
    httpStatus: 400,
    message: 'The body of your POST request is not well-formed multipart/form-data.',
  },
  MalformedPolicy: { httpStatus: 400, message: 'Invalid policy syntax.' },
  MalformedACLError: {
    httpStatus: 400,
    message:
      'The ACL that you provided was not well formed or did not validate against our published schema.',
  },
  MalformedTrailerError: {
    httpStatus: 400,
    message:
      'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  },
  MalformedXML: {
    httpStatus: 400,
    message:
      'The XML you provided was not well-formed or did not validate against our published schema',
  },
  MaxPostPreDataLengthExceededError: {
    httpStatus: 400,
    message: 'Your POST request fields preceding the upload file were too large.',
  },
  MetadataTooLarge: {
    httpStatus: 400,
    message: 'Your metadata headers exceed the maximum allowed metadata size',
  },
  MethodNotAllowed: {
    httpStatus: 405,
    message: 'The specified method is not allowed against this resource.',
  },
  MissingContentLength: {
    httpStatus: 411,
    message: 'You must provide the Content-Length HTTP header.',
  },
  MissingRequestBodyError: { httpStatus: 400, message: 'Request Body is empty' },
  MissingSecurityHeader: {
    httpStatus: 400,
    message: 'Your request was missing a required header',
  },
  NoSuchBucket: { httpStatus: 404, message: 'The specified bucket does not exist' },
  NoSuchCORSConfiguration: {
    httpStatus: 404,
    message: 'The CORS configuration does not exist',
  },
  NoSuchBucketPolicy: { httpStatus: 404, message: 'The bucket policy does not exist' },
  NoSuchConfiguration: {
    httpStatus: 404,
    message: 'The specified configuration does not exist.',
  },
  NoSuchEntity: { httpStatus: 404, message: 'The specified entity does not exist.' },
  NoSuchKey: { httpStatus: 404, message: 'The specified key does not exist.' },
  NoSuchLifecycleConfiguration: {
    httpStatus: 404,
    message: 'The lifecycle configuration does not exist',
  },
  NoSuchObjectLockConfiguration: {
    httpStatus: 404,
    message: 'The specified object does not have a ObjectLock configuration',
  },
  NoSuchTagSet: { httpStatus: 404, message: 'The TagSet does not exist' },
  NoSuchPublicAccessBlockConfiguration: {
    httpStatus: 404,
    message: 'The public access block configuration was not found',
  },
  NoSuchUpload: {
    httpStatus: 404,
    message:
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
  },
  NoSuchVersion: { httpStatus: 404, message: 'The specified version does not exist.' },
  NoSuchWebsiteConfiguration: {
    httpStatus: 404,
    message: 'The specified bucket does not have a website configuration',
  },
  NotImplemented: {
    httpStatus: 501,
    message: 'A header or query you provided implies functionality that is not implemented.',
  },
  ObjectLockConfigurationNotFoundError: {
    httpStatus: 404,
    message: 'Object Lock configuration does not exist for this bucket',
  },
  // Not one of AWS's: its buckets have no origins.
  OriginFailed: {
    httpStatus: 502,
    message: 'The origin of this bucket did not give the object.',
  },
  OwnershipControlsNotFoundError: {
    httpStatus: 404,
    message: 'The bucket ownership controls were not found',
  },
  PreconditionFailed: {
    httpStatus: 412,
    message: 'At least one of the pre-conditions you specified did not hold',
  },
  // AWS has no quotas; this is the code of other S3 systems.
  QuotaExceeded: {
    httpStatus: 403,
    message: 'The quota of this bucket, or of its owner, would be exceeded.',
  },
  ReplicationConfigurationNotFoundError: {
    httpStatus: 404,
    message: 'The replication configuration was not found',
  },
  RequestHeaderSectionTooLarge: {
    httpStatus: 400,
    message: 'Your request header section exceeds the maximum allowed request header section size.',
  },
  RequestTimeout: {
    httpStatus: 400,
    message:
      'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
  },
  RequestTimeTooSkewed: {
    httpStatus: 403,
    message: 'The difference between the request time and the current time is too large.',
  },
  ServerSideEncryptionConfigurationNotFoundError: {
    httpStatus: 404,
    message: 'The server side encryption configuration was not found',
  },
  ServiceUnavailable: {
    httpStatus: 503,
    message: 'The storage servers cannot be reached. Please try again.',
    retryAfterSeconds: 5,
  },
  SignatureDoesNotMatch: {
    httpStatus: 403,
    message:
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  },
  SlowDown: {
    httpStatus: 503,
    message: 'Please reduce your request rate.',
    retryAfterSeconds: 1,
  },
  TooManyParts: {
    httpStatus: 400,
    message:
      'You have attempted to add more parts than the maximum of 10000 that are allowed for this object.',
  },
  UnexpectedContent: { httpStatus: 400, message: 'This request does not support content.' },
  UnresolvableGrantByEmailAddress: {
    httpStatus: 400,
    message: 'The e-mail address you provided does not match any account on record.',
  },
  XAmzContentSHA256Mismatch: {
    httpStatus: 400,
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
  },
} as const satisfies Record<GatewayErrorCode, S3ErrorEntry>;

export function errorEntry(code: GatewayErrorCode): S3ErrorEntry {
  return s3Errors[code];
}
