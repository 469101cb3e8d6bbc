import { type Access, authorize } from '../../core/access/access.ts';
import { newObjectAccess } from '../../core/access/put-acl.ts';
import type { IncomingContent } from '../../core/incoming-content.ts';
import { mediaTypeOfName, unknownMediaType } from '../../core/media-types.ts';
import { putObject } from '../../core/put-object.ts';
import type { NamedFileOptions } from '../../core/store-content.ts';
import type { FormFile } from '../../http/form/spooled-form.ts';
import type { Bucket, ObjectDescription, ObjectRecord } from '../../object-index/records.ts';
import { FilesError } from '../errors.ts';
import { baseName } from './file-names.ts';
import type { StoredUpload } from './stored-upload.ts';
import type { UploadRequest } from './upload-request.ts';

/** Where and how one file is stored. */
export interface UploadPlan {
  readonly bucket: Bucket;
  /** Null for the ID that the file gets. */
  readonly key: string | null;
  /** Null for any group. */
  readonly groupName: string | null;
  readonly named: NamedFileOptions;
  /** `x-amz-meta-*` without that prefix; values as octets. */
  readonly userMetadata: Readonly<Record<string, string>>;
  /** Throws `PreconditionFailed` where the key has an object. */
  readonly keepsExisting?: boolean;
}

/**
 * Makes an object of a file of a form. Throws `AccessDenied`, what `putObject` throws, and 400 for
 * an empty file: that has no file on FastDFS, so no ID either.
 */
export async function storeUpload(
  request: UploadRequest,
  access: Access,
  file: FormFile,
  plan: UploadPlan,
): Promise<StoredUpload> {
  if (file.content.size === 0) throw new FilesError(400, 'The file is empty.');
  const { core } = request.context;
  const { bucket, groupName } = plan;
  // IDs begin with the group, which is not known before the file is stored: policies that are
  // about other keys are asked again then.
  const key = plan.key ?? `${groupName ?? 'group1'}/M00/00/00/`;
  const authorizeKey = (key: string) => authorize(core, access, 's3:PutObject', { bucket, key });
  await authorizeKey(key);
  const { ownerId, acl } = await newObjectAccess(core, access, { bucket, key }, null);
  const description = describeUpload(file, plan);
  const object = await putObject(core, {
    bucket,
    key,
    caller: access.caller,
    ownerId,
    description,
    subresources: { acl },
    content: file.content.toContent() satisfies IncomingContent,
    named: plan.named,
    ...(plan.keepsExisting && { condition: { ifNoneMatch: ['*'] } }),
    ...(groupName !== null && { groupName }),
    ...(plan.key === null && {
      keyOfFile: async (fileId: string) => {
        await authorizeKey(fileId);
        return fileId;
      },
    }),
    signal: request.exchange.signal,
  });
  return toStoredUpload(request, bucket, object, file.fileName ?? '');
}

/** Throws an `Error` for an object that is no file of its own. */
export function toStoredUpload(
  request: UploadRequest,
  bucket: Bucket,
  object: ObjectRecord,
  fileName: string,
): StoredUpload {
  const { fileId, key, size, etag, lastModifiedMs, headers } = object;
  if (fileId === null) throw new Error(`${bucket.name}/${key} is not one file.`);
  const contentType = headers['content-type'] ?? unknownMediaType;
  const name = baseName(fileName);
  const { baseUrl } = request;
  const { name: bucketName } = bucket;
  return { fileId, bucketName, key, baseUrl, size, md5: etag, name, contentType, lastModifiedMs };
}

/** What clients say of a type they do not know is worth less than the file's extension. */
function describeUpload(file: FormFile, { userMetadata }: UploadPlan): ObjectDescription {
  const byName = mediaTypeOfName(baseName(file.fileName ?? ''));
  const given = file.contentType === unknownMediaType ? null : file.contentType;
  const contentType = given ?? byName ?? unknownMediaType;
  return { headers: { 'content-type': contentType }, userMetadata };
}
