import type { GatewayError, GatewayErrorCode } from '../core/errors.ts';

/**
 * A refusal in Kodo's own words, where core has no code for it. Statuses above 599 are Kodo's.
 */
export class QiniuError extends Error {
  readonly status: number;

  constructor(status: number, text: string, options: { readonly cause?: unknown } = {}) {
    super(text, options);
    this.name = 'QiniuError';
    this.status = status;
  }
}

/** What is refused for good. 400, since clients send a 5xx again to every host they know. */
export function unsupported(feature: string): QiniuError {
  return new QiniuError(400, `${feature} is not supported by this gateway`);
}

/** How one error code looks in Kodo's HTTP. */
interface QiniuErrorEntry {
  readonly status: number;
  /** Clients compare some of these. */
  readonly text: string;
  /** Whether the error's own message, where it has one, says it better. */
  readonly isReplaceable?: true;
}

/** 400, in the words of the error. */
function malformed(text = 'invalid argument'): QiniuErrorEntry {
  return { status: 400, text, isReplaceable: true };
}

function forbidden(text: string): QiniuErrorEntry {
  return { status: 403, text, isReplaceable: true };
}

const badToken: QiniuErrorEntry = { status: 401, text: 'bad token' };
const noSuchFile: QiniuErrorEntry = { status: 612, text: 'no such file or directory' };
/** Settings of S3 that Kodo has no name for. */
const notFound: QiniuErrorEntry = { status: 612, text: 'not found', isReplaceable: true };
/** Clients try again, here or at another host. */
const tryAgain: QiniuErrorEntry = { status: 503, text: 'service unavailable', isReplaceable: true };

/**
 * Statuses and texts as Kodo has them; SDKs send anything from 500 on again but for 573, 579, 608,
 * 612, 614, 630, 631, 640 and 701.
 * https://developer.qiniu.com/kodo/3928/error-responses
 */
const qiniuErrors = {
  AccessControlListNotSupported: malformed(),
  AccessDenied: forbidden('access denied'),
  AccessForbidden: forbidden('access denied'),
  AuthorizationHeaderMalformed: badToken,
  AuthorizationQueryParametersError: badToken,
  BadDigest: { status: 406, text: 'checksum does not match' },
  BadRequest: malformed(),
  BucketAlreadyExists: { status: 614, text: 'the bucket already exists' },
  BucketAlreadyOwnedByYou: { status: 614, text: 'the bucket already exists' },
  BucketNotEmpty: { status: 400, text: 'bucket not empty' },
  ConditionalRequestConflict: tryAgain,
  DeleteConflict: malformed(),
  EntityAlreadyExists: { status: 614, text: 'file exists' },
  EntityTooLarge: { status: 413, text: 'request entity too large', isReplaceable: true },
  EntityTooSmall: malformed('part is too small'),
  IllegalVersioningConfigurationException: malformed(),
  IncompleteBody: malformed('the request body is incomplete'),
  InsufficientStorage: { status: 503, text: 'no storage space left' },
  InternalError: { status: 599, text: 'internal error' },
  InvalidAccessKeyId: badToken,
  InvalidArgument: malformed(),
  IdempotencyParameterMismatch: malformed(),
  InvalidBucketAclWithBlockPublicAccessError: forbidden('access denied'),
  InvalidBucketAclWithObjectOwnership: malformed(),
  InvalidBucketName: { status: 400, text: 'invalid bucket name' },
  InvalidBucketState: malformed(),
  InvalidChunkSizeError: malformed(),
  InvalidDigest: malformed('invalid digest'),
  InvalidLocationConstraint: { status: 400, text: 'invalid region' },
  InvalidPart: { status: 400, text: 'invalid part' },
  InvalidPartNumber: { status: 400, text: 'invalid part number' },
  InvalidPartOrder: { status: 400, text: 'invalid part order' },
  InvalidPolicyDocument: malformed(),
  InvalidRange: { status: 416, text: 'requested range not satisfiable' },
  InvalidRedirectLocation: malformed(),
  InvalidRequest: malformed('invalid request'),
  InvalidRetentionPeriod: malformed(),
  InvalidStorageClass: { status: 400, text: 'invalid file type' },
  InvalidTag: malformed(),
  InvalidToken: badToken,
  InvalidURI: malformed('invalid path or key'),
  InvalidWriteOffset: malformed(),
  KeyTooLongError: { status: 400, text: 'key is too long' },
  MalformedACLError: malformed(),
  MalformedPOSTRequest: malformed('malformed form'),
  MalformedPolicy: malformed(),
  MalformedTrailerError: malformed(),
  MalformedXML: malformed(),
  MaxPostPreDataLengthExceededError: malformed(),
  MetadataTooLarge: { status: 400, text: 'metadata is too large' },
  MethodNotAllowed: { status: 405, text: 'method not allowed' },
  MissingContentLength: { status: 411, text: 'content length is required' },
  MissingRequestBodyError: malformed(),
  MissingSecurityHeader: badToken,
  NoSuchBucket: { status: 631, text: 'no such bucket' },
  NoSuchCORSConfiguration: notFound,
  NoSuchBucketPolicy: notFound,
  NoSuchConfiguration: notFound,
  NoSuchEntity: notFound,
  NoSuchKey: noSuchFile,
  NoSuchLifecycleConfiguration: notFound,
  NoSuchObjectLockConfiguration: notFound,
  NoSuchTagSet: notFound,
  NoSuchPublicAccessBlockConfiguration: notFound,
  NoSuchUpload: { status: 612, text: 'no such uploadId' },
  NoSuchVersion: noSuchFile,
  NoSuchWebsiteConfiguration: notFound,
  NotImplemented: malformed('not supported by this gateway'),
  ObjectLockConfigurationNotFoundError: notFound,
  OriginFailed: {
    status: 478,
    text: 'the origin of the bucket did not give the file',
    isReplaceable: true,
  },
  OwnershipControlsNotFoundError: notFound,
  PreconditionFailed: { status: 608, text: 'content modified' },
  QuotaExceeded: forbidden('quota exceeded'),
  ReplicationConfigurationNotFoundError: notFound,
  RequestHeaderSectionTooLarge: malformed('request header is too large'),
  RequestTimeout: { status: 408, text: 'the request body came too slowly' },
  RequestTimeTooSkewed: { status: 403, text: 'request time too skewed' },
  ServerSideEncryptionConfigurationNotFoundError: notFound,
  ServiceUnavailable: tryAgain,
  SignatureDoesNotMatch: badToken,
  SlowDown: { status: 573, text: 'request rate too high' },
  TooManyParts: malformed('too many parts'),
  UnexpectedContent: malformed(),
  UnresolvableGrantByEmailAddress: malformed(),
  XAmzContentSHA256Mismatch: malformed(),
} satisfies Record<GatewayErrorCode, QiniuErrorEntry>;

/** What core refused, as Kodo says it. */
export function toQiniuError(error: GatewayError): QiniuError {
  const entry: QiniuErrorEntry = qiniuErrors[error.code];
  const { message } = error.facts;
  const text = entry.isReplaceable && message !== undefined ? message : entry.text;
  return new QiniuError(entry.status, text, { cause: error });
}
