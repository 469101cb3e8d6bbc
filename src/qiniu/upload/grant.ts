import { Access, authorize, getBucket } from '../../core/access/access.ts';
import { GatewayError } from '../../core/errors.ts';
import { storageClassOf } from '../../core/kodo/storage-types.ts';
import { isCharged } from '../../core/request-payment.ts';
import type { Bucket } from '../../object-index/records.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuServices } from '../operation.ts';
import { earlyKey } from '../policy/object-naming.ts';
import { type PutPolicy, readPutPolicy } from '../policy/put-policy.ts';
import { isSignedWith, parseUploadToken } from '../policy/upload-token.ts';

/** What a token lets its bearer do, in the name of the access key that signed it. */
export interface UploadGrant {
  readonly policy: PutPolicy;
  readonly bucket: Bucket;
  readonly access: Access;
  readonly keys: { readonly accessKeyId: string; readonly secretKey: string };
  /** Lets the log name the key, once it is known. */
  readonly concernsKey: (key: string) => void;
}

/** The token of `Authorization: UpToken …`; null without the header. Throws 401 for another scheme. */
export function uploadTokenOf({ headers }: Pick<QiniuRequest, 'headers'>): string | null {
  const header = headers.get('authorization');
  if (header === null) return null;
  const match = /^UpToken[ ]+(\S+)$/i.exec(header.trim());
  if (!match) throw new QiniuError(401, 'bad token');
  return match[1] ?? '';
}

/**
 * Verifies a token and reads its policy. Throws 401 without a token, for a bad one and for one that
 * is over, 400 for policies that cannot be followed and 631 when the bucket is not there.
 */
export async function openGrant(
  request: QiniuRequest,
  { core, findCredentials, uploads }: QiniuServices,
  tokenText: string | null,
): Promise<UploadGrant> {
  if (tokenText === null || tokenText === '') throw new QiniuError(401, 'token not specified');
  const token = parseUploadToken(tokenText);
  const credentials = token && (await findCredentials(token.accessKeyId));
  if (!token || !credentials || !isSignedWith(token, credentials.secretAccessKey)) {
    throw new QiniuError(401, 'bad token');
  }
  const access = request.accessOf(credentials.caller);
  const { ignoresPersistentOps } = uploads;
  const policy = readPutPolicy(token.encodedPolicy, { nowMs: core.now(), ignoresPersistentOps });
  request.concerns(policy.bucketName, policy.scopeKey);
  const bucket = await getBucket(core, policy.bucketName);
  // Kodo's clients cannot say that they will pay for requests to others' buckets.
  isCharged(access, bucket);
  const keys = { accessKeyId: token.accessKeyId, secretKey: credentials.secretAccessKey };
  const concernsKey = (key: string) => request.concerns(policy.bucketName, key);
  return { policy, bucket, access, keys, concernsKey };
}

/**
 * The grant as it counts by now: bytes and applications take their time, in which a key may be
 * switched off and policies change. Throws 401 and 631.
 */
export async function renewGrant(
  { core, findCredentials }: Pick<QiniuServices, 'core' | 'findCredentials'>,
  grant: UploadGrant,
): Promise<UploadGrant> {
  const { accessKeyId, secretKey } = grant.keys;
  const credentials = await findCredentials(accessKeyId);
  if (credentials?.secretAccessKey !== secretKey) throw new QiniuError(401, 'bad token');
  const bucket = await getBucket(core, grant.policy.bucketName);
  return { ...grant, bucket, access: new Access(credentials.caller, grant.access.facts) };
}

const storageClassName = 'x-amz-storage-class';

/** The policy's type of storage, as objects are described. */
export function storageClassHeader({ fileType }: Pick<PutPolicy, 'fileType'>): {
  readonly [storageClassName]?: string;
} {
  const storageClass = storageClassOf(fileType);
  return storageClass === null ? {} : { [storageClassName]: storageClass };
}

/** Throws `AccessDenied` unless the signer of the token may write that object. */
export async function authorizeWrite(
  core: QiniuServices['core'],
  { access, bucket, policy }: UploadGrant,
  key: string,
): Promise<void> {
  const storageClass = storageClassHeader(policy)[storageClassName] ?? 'STANDARD';
  const conditions = { [`s3:${storageClassName}`]: [storageClass] };
  await authorize(core, access, 's3:PutObject', { bucket, key, conditions });
}

/**
 * For content whose key is not known yet, which takes space until then: throws `AccessDenied` for
 * signers that own nothing here and may not write without further ado.
 */
export async function authorizeKeyless(
  core: QiniuServices['core'],
  grant: UploadGrant,
): Promise<void> {
  const { access, bucket, policy } = grant;
  const { userId, isRoot, isAnonymous } = access.caller;
  if (isAnonymous) throw new GatewayError('AccessDenied');
  if (isRoot || userId === bucket.ownerId) return;
  await authorizeWrite(core, grant, policy.scopeKey ?? '');
}

/**
 * Whether the object's key is known already, and may be written. Throws what is wrong with it, and
 * `AccessDenied`.
 */
export async function checkEarly(
  { core }: QiniuServices,
  grant: UploadGrant,
  clientKey: string | null,
): Promise<boolean> {
  const { callback } = grant.policy;
  const key = callback?.decidesKey ? null : earlyKey(grant.policy, clientKey);
  if (key !== null) await authorizeWrite(core, grant, key);
  return key !== null;
}
