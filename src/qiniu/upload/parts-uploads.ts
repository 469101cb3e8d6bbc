import { newObjectAccess } from '../../core/access/put-acl.ts';
import { GatewayError } from '../../core/errors.ts';
import {
  createKeylessUpload,
  findKeylessUpload,
  keylessUploadsKeptMs,
} from '../../core/multipart/keyless-uploads.ts';
import { checkPartNumber, uploadPart } from '../../core/multipart/upload-part.ts';
import type { Upload } from '../../object-index/records.ts';
import { decodeUrlSafeText } from '../encodings.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuRoute, QiniuServices } from '../operation.ts';
import { parseNumber } from './blocks.ts';
import {
  authorizeKeyless,
  checkEarly,
  openGrant,
  storageClassHeader,
  type UploadGrant,
  uploadTokenOf,
} from './grant.ts';
import { withContent } from './receive-content.ts';

/** Bytes of one part. */
const partSizeBytesMax = 1024 ** 3;
const listedPartsMax = 1000;

const objectPath = '/buckets/:bucket/objects/:key/uploads';

export function noSuchUpload(): QiniuError {
  // Clients look for this very text to begin anew.
  return new QiniuError(612, 'no such uploadId');
}

/**
 * The grant of a request on an upload of version 2, and the key in its path: null where it names
 * none (`~`). Throws what `openGrant` throws, 403 for a bucket or a key that the token is not for,
 * and 400 for a key that is none.
 */
export async function openPathGrant(
  request: QiniuRequest,
  services: QiniuServices,
): Promise<{ readonly grant: UploadGrant; readonly key: string | null }> {
  const grant = await openGrant(request, services, uploadTokenOf(request));
  if (request.argument('bucket') !== grant.policy.bucketName) {
    throw new QiniuError(403, "key doesn't match with scope");
  }
  const encoded = request.argument('key');
  const key = encoded === '~' ? null : decodeUrlSafeText(encoded);
  if (encoded !== '~' && key === null) throw new QiniuError(400, 'key must be utf8 encoding');
  const isKnown = await checkEarly(services, grant, key);
  if (!isKnown) await authorizeKeyless(services.core, grant);
  return { grant, key };
}

/** Throws 612. */
export async function getUpload(
  { core }: QiniuServices,
  { bucket }: UploadGrant,
  request: QiniuRequest,
): Promise<Upload> {
  const upload = await findKeylessUpload(core, bucket, request.argument('uploadId'));
  if (!upload) throw noSuchUpload();
  return upload;
}

/** https://developer.qiniu.com/kodo/6365/initialize-multipartupload */
export const initiateUpload: QiniuRoute = {
  name: 'initiate-upload',
  methods: ['POST'],
  path: objectPath,
  authentication: 'own',
  async handle(request, services) {
    const { core } = services;
    const { grant } = await openPathGrant(request, services);
    const { bucket, access, policy } = grant;
    const { ownerId } = await newObjectAccess(core, access, { bucket, key: '' }, null);
    const description = { headers: storageClassHeader(policy), userMetadata: {} };
    const initiatorId = access.caller.userId;
    const upload = await createKeylessUpload(core, { bucket, ownerId, initiatorId, description });
    return { json: { uploadId: upload.uploadId, expireAt: expireAt(upload) } };
  },
};

/** Seconds since 1970. */
function expireAt({ initiatedAtMs }: Upload): number {
  return Math.floor((initiatedAtMs + keylessUploadsKeptMs) / 1000);
}

/** https://developer.qiniu.com/kodo/6366/upload-part */
export const putPart: QiniuRoute = {
  name: 'upload-part',
  methods: ['PUT'],
  path: `${objectPath}/:uploadId/:partNumber`,
  authentication: 'own',
  async handle(request, services) {
    const { grant } = await openPathGrant(request, services);
    const partNumber = parseNumber(request.argument('partNumber'), 'partNumber');
    checkPartNumber(partNumber);
    const declared = declaredMd5(request);
    const { uploadId } = await getUpload(services, grant, request);
    const limits = { sizeBytesMax: partSizeBytesMax, declared };
    const { bucket } = grant;
    return await withContent(request, services, limits, async (content) => {
      const wanted = { bucket, key: '', uploadId, partNumber, content, needsQetag: true };
      const stored = uploadPart(services.core, { ...wanted, signal: request.signal });
      const part = await stored.catch((error: unknown) => {
        const isDamaged = error instanceof GatewayError && error.code === 'BadDigest';
        throw isDamaged ? new QiniuError(400, 'unmatched checksum') : error;
      });
      return { json: { etag: part.qetag, md5: part.etag } };
    });
  },
};

/** In hexadecimal, other than in HTTP. */
function declaredMd5({ headers }: QiniuRequest): { readonly md5?: Buffer } {
  const text = headers.get('content-md5');
  if (text === null || text === '') return {};
  if (!/^[0-9a-f]{32}$/i.test(text)) throw new QiniuError(400, 'invalid Content-MD5');
  return { md5: Buffer.from(text, 'hex') };
}

/** https://developer.qiniu.com/kodo/6367/abort-multipart-upload */
export const abortUpload: QiniuRoute = {
  name: 'abort-upload',
  methods: ['DELETE'],
  path: `${objectPath}/:uploadId`,
  authentication: 'own',
  async handle(request, services) {
    const { grant } = await openPathGrant(request, services);
    const { uploadId } = await getUpload(services, grant, request);
    const outcome = await services.core.index.abortUpload(grant.bucket.id, '', uploadId);
    if (outcome === 'no-such-upload') throw noSuchUpload();
    return { json: {} };
  },
};

/** https://developer.qiniu.com/kodo/6858/listparts */
export const listParts: QiniuRoute = {
  name: 'list-parts',
  methods: ['GET'],
  path: `${objectPath}/:uploadId`,
  authentication: 'own',
  async handle(request, services) {
    const { grant } = await openPathGrant(request, services);
    const upload = await getUpload(services, grant, request);
    const { query } = request.target;
    const limit = parseNumber(query.get('max-parts') || String(listedPartsMax), 'max-parts');
    if (limit < 1 || limit > listedPartsMax) {
      throw new QiniuError(400, 'invalid argument: max-parts');
    }
    const after = parseNumber(query.get('part-number-marker') || '0', 'part-number-marker');
    const { index } = services.core;
    const { parts, isTruncated } = await index.listParts(upload.uploadId, after, limit);
    return {
      json: {
        uploadId: upload.uploadId,
        expireAt: expireAt(upload),
        partNumberMarker: isTruncated ? (parts.at(-1)?.partNumber ?? 0) : 0,
        parts: parts.map(({ partNumber, size, qetag, lastModifiedMs }) => ({
          ...{ partNumber, size, etag: qetag ?? '' },
          putTime: Math.floor(lastModifiedMs / 1000),
        })),
      },
    };
  },
};
