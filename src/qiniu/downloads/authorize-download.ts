import { type Access, authorize } from '../../core/access/access.ts';
import { GatewayError } from '../../core/errors.ts';
import type { CoreServices } from '../../core/services.ts';
import type { Bucket } from '../../object-index/records.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuServices } from '../operation.ts';
import type { DownloadPlace } from './download-place.ts';
import { isSignedFor, originsOf, parsePrivateLink } from './private-link.ts';

export interface DownloadPermission {
  readonly access: Access;
  /** When the link ends, in ms since 1970; null for what everybody may read. */
  readonly untilMs: number | null;
}

/**
 * Who reads: everybody where that is allowed, whatever a link says, and else the owner of the key
 * that signed the link. Throws 401, and `AccessDenied` where its owner may not.
 */
export async function authorizeDownload(
  request: QiniuRequest,
  { core, findCredentials }: QiniuServices,
  { key, hosts }: DownloadPlace,
  bucket: Bucket,
): Promise<DownloadPermission> {
  if (await mayRead(core, request.access, bucket, key)) {
    return { access: request.access, untilMs: null };
  }
  const link = parsePrivateLink(request.target.raw);
  if (!link) throw new QiniuError(401, 'download token not specified');
  const credentials = await findCredentials(link.accessKeyId);
  const isSigned = credentials && isSignedFor(link, credentials.secretAccessKey, originsOf(hosts));
  // An `e` that was not signed is no end at all.
  if (!isSigned || Number.isNaN(link.deadlineSeconds)) {
    throw new QiniuError(401, 'download token auth failed');
  }
  const untilMs = link.deadlineSeconds * 1000;
  if (untilMs <= core.now()) throw new QiniuError(401, 'token expired');
  const access = request.accessOf(credentials.caller);
  try {
    await authorize(core, access, 's3:GetObject', { bucket, key });
  } catch (error) {
    // Reading finds out again, and asks for whatever it finds.
    if (!(error instanceof GatewayError) || error.code !== 'NoSuchKey') throw error;
  }
  return { access, untilMs };
}

/** Also false for what is not there, where that would have to be looked at. */
async function mayRead(
  core: Pick<CoreServices, 'index'>,
  access: Access,
  bucket: Bucket,
  key: string,
): Promise<boolean> {
  try {
    await authorize(core, access, 's3:GetObject', { bucket, key });
    return true;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}
