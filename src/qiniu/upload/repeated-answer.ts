import { unknownMediaType } from '../../core/media-types.ts';
import type { QiniuResponse, QiniuServices } from '../operation.ts';
import { checkName } from '../policy/object-naming.ts';
import { answerUpload } from './answer.ts';
import type { UploadDetails } from './details.ts';
import { authorizeWrite, type UploadGrant } from './grant.ts';

/**
 * What an upload that was completed already is answered with, for clients that lost the first
 * answer; null for others. `isSame` says whether what the client lists can have become that hash.
 */
export async function completedAnswer(
  services: QiniuServices,
  grant: UploadGrant,
  details: UploadDetails,
  upload: { readonly uploadId: string; readonly isSame?: (qetag: string) => boolean },
): Promise<QiniuResponse | null> {
  const { core } = services;
  const { bucket, policy } = grant;
  const completed = await core.index.findCompletedUpload(upload.uploadId);
  const isMine = completed?.bucketId === bucket.id && completed.qetag !== null;
  if (!isMine || completed.qetag === null || upload.isSame?.(completed.qetag) === false)
    return null;
  const { key, qetag } = completed;
  const decidesKey = policy.forceSaveKey || policy.callback?.decidesKey === true;
  if (details.key !== null && details.key !== key && !decidesKey) return null;
  checkName(policy, key);
  await authorizeWrite(core, grant, key);
  const current = await core.index.findObject(bucket.id, key);
  const object = current?.qetag === qetag ? current : null;
  const facts = {
    bucketName: bucket.name,
    qetag,
    size: object?.size ?? 0,
    mediaType: object?.headers['content-type'] ?? unknownMediaType,
    isMediaTypeSniffed: false,
    fileName: details.fileName,
    endUser: policy.endUser,
    customVariables: details.customVariables,
    imageInfo: null,
  };
  return await answerUpload(services, grant, { facts, payload: null }, key);
}
