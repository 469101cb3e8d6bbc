import { parseEntry } from '../encodings.ts';
import { QiniuError, unsupported } from '../errors.ts';
import { invalidField, PolicyFields } from './policy-fields.ts';

/** Which inputs the media type of an object is worked out from; see `decideMediaType`. */
export type MimeDetection = 'client-first' | 'content-first' | 'client-only';

/** What a put policy says of the success of an upload. */
interface AnswerPolicy {
  /** Empty for none. */
  readonly returnUrl: string;
  /** Template; empty for none. */
  readonly returnBody: string;
  readonly callback: CallbackPolicy | null;
}

export interface CallbackPolicy {
  /** Tried in order; at least one. */
  readonly urls: readonly string[];
  /** Empty for that of each URL. */
  readonly host: string;
  /** Template; may be empty. */
  readonly body: string;
  /** As it is sent. */
  readonly bodyType: string;
  readonly isJson: boolean;
  /** Whether the callback comes before the object, and decides its key. */
  readonly decidesKey: boolean;
}

/**
 * What an upload may do, as the signer of its token says.
 * https://developer.qiniu.com/kodo/1206/put-policy
 */
export interface PutPolicy extends AnswerPolicy {
  readonly bucketName: string;
  /** Exactly this key or, with `isPrefixalScope`, what every key begins with; null for any. */
  readonly scopeKey: string | null;
  readonly isPrefixalScope: boolean;
  /** Seconds since 1970. */
  readonly deadline: number;
  readonly insertOnly: boolean;
  readonly endUser: string;
  /** Template; empty for none. */
  readonly saveKey: string;
  readonly forceSaveKey: boolean;
  /** Bytes. */
  readonly fsizeMin: number;
  /** Bytes; null for no limit. */
  readonly fsizeLimit: number | null;
  readonly mimeDetection: MimeDetection;
  /** As `allowsMediaType` reads it; empty for any. */
  readonly mimeLimit: string;
  readonly fileType: number;
  /** Null for ever. */
  readonly deleteAfterDays: number | null;
  /** Null for any. */
  readonly allowedKeys: readonly string[] | null;
}

export interface PolicyOptions {
  readonly nowMs: number;
  /** Accepts policies that ask for media jobs, which are not done then. */
  readonly ignoresPersistentOps: boolean;
}

/** Types of storage, 5 is intelligent tiering. */
const fileTypeMax = 5;
const allowedKeysMax = 20;
/** Each may take its time to fail. */
const callbackUrlsMax = 10;
const daysMax = 36_500;
const trafficLimits = { min: 819_200, max: 838_860_800 } as const;
const formType = 'application/x-www-form-urlencoded';
const jsonType = 'application/json';

/**
 * Reads the policy of a token whose signature was verified. Throws 401 for one that is over, and 400
 * for what cannot be understood or is not supported. Unknown fields are ignored, so that future ones
 * do not break uploads.
 */
export function readPutPolicy(encodedPolicy: string, options: PolicyOptions): PutPolicy {
  const fields = PolicyFields.decode(encodedPolicy);
  const farAway = { min: 0, max: Number.MAX_SAFE_INTEGER };
  const deadline = fields.wholeNumber('deadline', farAway) ?? 0;
  checkDeadline({ deadline }, options.nowMs);
  refuseUnsupported(fields, options);
  const scope = fields.text('scope');
  const { bucketName, key } = parseEntry(scope);
  if (bucketName === '') throw new QiniuError(400, 'scope not specified');
  const saveKey = fields.text('saveKey');
  const forceSaveKey = fields.flag('forceSaveKey');
  if (forceSaveKey && saveKey === '') throw invalidField('saveKey');
  fields.wholeNumber('trafficLimit', trafficLimits);
  return {
    bucketName,
    scopeKey: key,
    isPrefixalScope: fields.flag('isPrefixalScope'),
    deadline,
    insertOnly: fields.flag('insertOnly'),
    endUser: fields.text('endUser'),
    ...readAnswer(fields),
    saveKey,
    forceSaveKey,
    fsizeMin: fields.wholeNumber('fsizeMin', farAway) ?? 0,
    fsizeLimit: fields.wholeNumber('fsizeLimit', farAway),
    mimeDetection: readMimeDetection(fields),
    mimeLimit: fields.text('mimeLimit'),
    fileType: fields.wholeNumber('fileType', { min: 0, max: fileTypeMax }) ?? 0,
    deleteAfterDays: fields.wholeNumber('deleteAfterDays', { min: 0, max: daysMax }),
    allowedKeys: fields.texts('keylimit', allowedKeysMax),
  };
}

/**
 * Throws 401 when the token is over. What counts is when the object is made: asked at the start, to
 * fail early, and again before the object becomes visible.
 */
export function checkDeadline({ deadline }: Pick<PutPolicy, 'deadline'>, nowMs: number): void {
  if (nowMs / 1000 > deadline) throw new QiniuError(401, 'expired token');
}

function refuseUnsupported(fields: PolicyFields, options: PolicyOptions): void {
  if (!options.ignoresPersistentOps) {
    for (const name of ['persistentOps', 'persistentWorkflowTemplateID']) {
      if (fields.has(name)) throw unsupported('persistentOps');
    }
  }
  for (const name of ['transform', 'transformFallbackMode', 'transformFallbackKey']) {
    if (fields.has(name)) throw unsupported('transform');
  }
}

function readMimeDetection(fields: PolicyFields): MimeDetection {
  switch (fields.wholeNumber('detectMime', { min: -1, max: 1 })) {
    case 1:
      return 'content-first';
    case -1:
      return 'client-only';
    default:
      return 'client-first';
  }
}

/** With a callback, its answer is the upload's: whatever else is said of the answer is ignored. */
function readAnswer(fields: PolicyFields): AnswerPolicy {
  const callback = readCallback(fields);
  if (callback) return { returnUrl: '', returnBody: '', callback };
  const returnUrl = fields.text('returnUrl');
  if (returnUrl !== '' && !isHttpUrl(returnUrl)) throw invalidField('returnUrl');
  return { returnUrl, returnBody: fields.text('returnBody'), callback: null };
}

function readCallback(fields: PolicyFields): CallbackPolicy | null {
  const urls = fields
    .text('callbackUrl')
    .split(';')
    .map((url) => url.trim())
    .filter((url) => url !== '');
  const host = fields.text('callbackHost');
  const body = fields.text('callbackBody');
  const bodyType = fields.text('callbackBodyType') || formType;
  const decidesKey = fields.flag('callbackFetchKey');
  if (urls.length === 0) {
    if (decidesKey) throw invalidField('callbackFetchKey');
    return null;
  }
  if (urls.length > callbackUrlsMax) throw invalidField('callbackUrl');
  if (!/^[\x21-\x7e]*$/.test(host)) throw invalidField('callbackHost');
  const mediaType = bodyType.split(';')[0]?.trim().toLowerCase();
  const isKnown = mediaType === formType || mediaType === jsonType;
  if (!isKnown || !/^[\x20-\x7e]+$/.test(bodyType)) throw invalidField('callbackBodyType');
  return { urls, host, body, bodyType, isJson: mediaType === jsonType, decidesKey };
}

/** Nothing that a header could not hold. */
function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[\x21-\x7e\u{80}-\u{10ffff}]+$/iu.test(text) && URL.canParse(text);
}
