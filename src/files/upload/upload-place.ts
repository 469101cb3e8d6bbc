import { type Access, getBucket } from '../../core/access/access.ts';
import { createBucket } from '../../core/buckets.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Bucket } from '../../object-index/records.ts';
import { FilesError } from '../errors.ts';
import { baseName } from './file-names.ts';
import type { UploadRequest } from './upload-request.ts';

type Fields = ReadonlyMap<string, string>;

/**
 * The bucket that an upload goes to: the one it names, or that of its user, or the common one. One
 * that is missing is made where the caller may make it. Throws `NoSuchBucket`, `AccessDenied` and
 * `InvalidBucketName`.
 */
export async function findUploadBucket(
  request: UploadRequest,
  access: Access,
  fields: Fields,
): Promise<Bucket> {
  const { core, uploads } = request.context;
  const { caller } = access;
  const name =
    request.parameter(fields, 'bucket') ??
    uploads.appBuckets.get(caller.accessKeyId) ??
    uploads.bucketName;
  request.exchange.bucketName = name;
  const found = await core.index.findBucket(name);
  if (found) return found;
  const mayCreate =
    !caller.isAnonymous && access.allows('s3:CreateBucket', { bucket: null, bucketName: name });
  if (!mayCreate) throw new GatewayError('NoSuchBucket', { BucketName: name });
  try {
    return await createBucket(core, caller, name, null);
  } catch (error) {
    // Another request was faster.
    if (error instanceof GatewayError && /^BucketAlready/.test(error.code)) {
      return await getBucket(core, name);
    }
    throw error;
  }
}

/**
 * The key that an upload asks for: `key`, or `path` as a directory for the file's name; null for the
 * ID that the file will have. Throws 400.
 */
export function wantedKey(
  request: UploadRequest,
  fields: Fields,
  file: { readonly fileName: string | null; readonly isOnlyOne: boolean },
): string | null {
  const key = request.parameter(fields, 'key');
  if (key !== null) {
    if (!file.isOnlyOne) throw new FilesError(400, 'Several files cannot have one key; give path.');
    return key;
  }
  const path = request.parameter(fields, 'path');
  if (path === null) return null;
  const name = baseName(file.fileName ?? '');
  if (name === '') throw new FilesError(400, 'The file has no name that could follow the path.');
  return [...path.split('/').filter((part) => part !== ''), name].join('/');
}

/** The group that an upload asks for; null for any. Throws 400. */
export function wantedGroup(request: UploadRequest, fields: Fields): string | null {
  const group = request.parameter(fields, 'group', 'group_name', 'groupName');
  if (group === null || /^[A-Za-z0-9]{1,16}$/.test(group)) return group;
  throw new FilesError(400, 'A group has 1 to 16 letters and digits.');
}
