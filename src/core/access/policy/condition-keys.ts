import type { PolicyRequest } from '../access-request.ts';
import { readLockDays } from './lock-days.ts';
import { arnOfCaller } from './principals.ts';
import { readRequestTags } from './request-tags.ts';
import { authType, signatureAge, signatureVersion } from './signature-facts.ts';

/**
 * What a request says under a condition key: null for nothing, undefined as long as that depends
 * on an object that nobody looked up, or on a document that nobody read.
 */
type ConditionValues = readonly string[] | null | undefined;

/** The values of one key, whoever asks. */
export type ConditionKey = (request: PolicyRequest) => ConditionValues;

type KeyReader = (request: PolicyRequest, suffix: string) => ConditionValues | string;

const header: (name: string) => KeyReader =
  (name) =>
  ({ facts }) =>
    facts.headers.get(name);

const parameter: (name: string) => KeyReader =
  (name) =>
  ({ facts }) =>
    facts.query.get(name);

/** Only of who signed. */
const identity: (read: (caller: PolicyRequest['caller']) => string) => KeyReader =
  (read) =>
  ({ caller }) =>
    caller.isAnonymous ? null : read(caller);

/** What a document may tell, where the request has one. */
const ofDocument: (read: KeyReader) => KeyReader = (read) => (request, suffix) =>
  request.target.isDocumentUnread ? undefined : read(request, suffix);

const absent: KeyReader = () => null;
const isFalse: KeyReader = () => 'false';

const headerKeys = [
  'x-amz-acl',
  'x-amz-content-sha256',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
  'x-amz-metadata-directive',
  'x-amz-object-ownership',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
  'if-match',
  'if-none-match',
];

/** Keys that AWS knows and that no request here has a value for. */
const absentKeys = [
  'aws:calledvia',
  'aws:calledviafirst',
  'aws:calledvialast',
  'aws:federatedprovider',
  'aws:multifactorauthage',
  'aws:multifactorauthpresent',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:principalservicename',
  'aws:principalservicenameslist',
  'aws:requestedregion',
  'aws:resourceorgid',
  'aws:resourceorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceidentity',
  'aws:sourceorgid',
  'aws:sourceorgpaths',
  'aws:sourcevpc',
  'aws:sourcevpcarn',
  'aws:sourcevpce',
  'aws:tagkeys',
  'aws:tokenissuetime',
  'aws:vpcsourceip',
  's3:accessgrantsinstancearn',
  's3:accesspointnetworkorigin',
  's3:dataaccesspointaccount',
  's3:dataaccesspointarn',
  's3:inventoryaccessibleoptionalfields',
  's3:isrequestviajoblambda',
  's3:jobsuspendedcause',
  's3:locationconstraint',
  's3:objectcreationoperation',
];

/** By lower-case name: AWS does not tell the case of keys apart. */
const keys: ReadonlyMap<string, KeyReader> = new Map<string, KeyReader>([
  ...absentKeys.map((name) => [name, absent] as const),
  ...headerKeys.map((name) => [`s3:${name}`, header(name)] as const),
  ['aws:currenttime', ({ facts }) => new Date(facts.nowMs).toISOString()],
  ['aws:epochtime', ({ facts }) => String(Math.floor(facts.nowMs / 1000))],
  ['aws:principalaccount', identity(({ userId }) => userId)],
  ['aws:principalarn', identity((caller) => arnOfCaller(caller) ?? '')],
  ['aws:principalisawsservice', isFalse],
  [
    'aws:principaltype',
    ({ caller }) => (caller.isAnonymous ? 'Anonymous' : caller.isRoot ? 'Account' : 'User'),
  ],
  ['aws:referer', header('referer')],
  ['aws:resourceaccount', ({ target }) => target.bucket?.ownerId ?? null],
  ['aws:securetransport', ({ facts }) => String(facts.isSecure)],
  ['aws:sourceip', ({ facts }) => facts.sourceIp],
  ['aws:useragent', header('user-agent')],
  ['aws:userid', ({ caller }) => (caller.isAnonymous ? 'anonymous' : caller.userId)],
  ['aws:username', identity(({ userName }) => userName)],
  ['aws:viaawsservice', isFalse],
  ['s3:authtype', authType],
  ['s3:delimiter', parameter('delimiter')],
  ['s3:max-keys', parameter('max-keys')],
  ['s3:object-lock-legal-hold', ofDocument(header('x-amz-object-lock-legal-hold'))],
  ['s3:object-lock-mode', ofDocument(header('x-amz-object-lock-mode'))],
  ['s3:object-lock-remaining-retention-days', ofDocument(readLockDays)],
  ['s3:object-lock-retain-until-date', ofDocument(header('x-amz-object-lock-retain-until-date'))],
  ['s3:prefix', parameter('prefix')],
  ['s3:requestobjecttagkeys', ofDocument((request) => Object.keys(readRequestTags(request) ?? {}))],
  ['s3:resourceaccount', ({ target }) => target.bucket?.ownerId ?? null],
  ['s3:signatureage', signatureAge],
  ['s3:signatureversion', signatureVersion],
  ['s3:tlsversion', ({ facts }) => facts.tlsVersion ?? null],
  ['s3:versionid', ({ target, facts }) => target.versionId ?? facts.query.get('versionId')],
  ['s3:x-amz-copy-source', readCopySource],
]);

/** Keys with a name of the author's choice behind the `/`, whose case counts. */
const prefixedKeys: ReadonlyMap<string, KeyReader> = new Map<string, KeyReader>([
  ['aws:principaltag', absent],
  ['aws:requesttag', absent],
  ['aws:resourcetag', absent],
  ['s3:buckettag', absent],
  ['s3:existingobjecttag', readExistingTag],
  ['s3:requestobjecttag', ofDocument((request, name) => ownValue(readRequestTags(request), name))],
]);

/** Null for a name that is no condition key of S3. */
export function findConditionKey(name: string): ConditionKey | null {
  const slash = name.indexOf('/');
  const bare = (slash === -1 ? name : name.slice(0, slash)).toLowerCase();
  const suffix = slash === -1 ? '' : name.slice(slash + 1);
  const read = slash === -1 ? keys.get(bare) : prefixedKeys.get(bare);
  if (read === undefined || (slash !== -1 && suffix === '')) return null;
  const fullName = conditionName(name);
  return (request) => {
    const given = ownValue(request.target.conditions, fullName);
    if (given !== null) return given;
    const value = read(request, suffix);
    return typeof value === 'string' ? [value] : value;
  };
}

/** The name under which `AccessTarget.conditions` has a key. */
export function conditionName(name: string): string {
  const slash = name.indexOf('/');
  return slash === -1 ? name.toLowerCase() : name.slice(0, slash).toLowerCase() + name.slice(slash);
}

function ownValue<Value>(
  values: Readonly<Record<string, Value>> | null | undefined,
  name: string,
): Value | null {
  return values && Object.hasOwn(values, name) ? (values[name] ?? null) : null;
}

/** What writes a key has no object before it; AWS gives these actions no value either. */
const creatingActions: ReadonlySet<string> = new Set([
  's3:PutObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
]);

/** Whether the tags of the object count that nobody has looked up yet. */
export function awaitsObject({ action, target: { key, object } }: PolicyRequest): boolean {
  const isOfObject = key !== null && key !== undefined && !creatingActions.has(action);
  return isOfObject && object === undefined;
}

function readExistingTag(request: PolicyRequest, name: string): ConditionValues | string {
  if (awaitsObject(request)) return undefined;
  const isCreated = creatingActions.has(request.action);
  return isCreated ? null : ownValue(request.target.object?.tags, name);
}

/** `bucket/key`, however the header writes it. */
function readCopySource({ facts }: PolicyRequest): string | null {
  const source = facts.headers.get('x-amz-copy-source');
  if (source === null) return null;
  const question = source.lastIndexOf('?versionId=');
  const encoded = question === -1 ? source : source.slice(0, question);
  const path = Buffer.from(encoded.replace(/^\//, ''), 'latin1').toString('utf8');
  try {
    return decodeURIComponent(path.replaceAll('+', ' ')).replace(/^\//, '');
  } catch {
    return path;
  }
}
