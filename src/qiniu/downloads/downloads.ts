import { requireAllowed } from '../../core/access/access.ts';
import { domainOfHost } from '../../core/bucket-domains.ts';
import { parseRange } from '../../core/byte-range.ts';
import { GatewayError } from '../../core/errors.ts';
import { type FoundObject, getObject, headObject } from '../../core/get-object.ts';
import { ensureQetag } from '../../core/kodo/ensure-qetag.ts';
import type { CoreServices } from '../../core/services.ts';
import { ifRange, readConditions } from '../../http/preconditions.ts';
import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import { QiniuError, unsupported } from '../errors.ts';
import type { Downloads, QiniuRequest, QiniuResponse, QiniuServices } from '../operation.ts';
import { authorizeDownload, type DownloadPermission } from './authorize-download.ts';
import { downloadCorsHeaders, downloadPreflight } from './download-cors.ts';
import { type DownloadFacts, downloadHeaders, validators } from './download-headers.ts';
import { type DownloadPlace, findDownloadPlace } from './download-place.ts';
import { asksForProcessing } from './processing-query.ts';

/** The object under this key is the page of a bucket for what it does not have. */
const missingPageKey = 'errno-404';

const missing = () => new QiniuError(404, 'Document not found');

/**
 * Objects by their URLs: at a domain of their bucket by the key alone, and anywhere else by bucket
 * and key.
 */
export function createDownloads({ index }: Pick<CoreServices, 'index'>): Downloads {
  return {
    async isBucketHost(host) {
      const domain = domainOfHost(host);
      return domain !== null && (await index.findBucketByDomain(domain)) !== null;
    },
    handle: download,
  };
}

async function download(request: QiniuRequest, services: QiniuServices): Promise<QiniuResponse> {
  const { core, publicHosts } = services;
  const place = await findDownloadPlace(core, request, publicHosts);
  const { bucket, bucketName, key } = place;
  request.concerns(bucketName, key);
  const { exchange, method, headers } = request;
  exchange.corsHeaders = downloadCorsHeaders(bucket, method, headers);
  if (method === 'OPTIONS') return downloadPreflight(bucket, headers);
  if (!bucket) throw missing();
  const permission = await authorizeDownload(request, services, place, bucket);
  if (asksForProcessing(request.target.rawQuery)) throw unsupported('data processing');
  try {
    return await readAndRespond(request, core, { ...place, bucket }, permission);
  } catch (error) {
    return await answerFailure(error, request, core, bucket, permission);
  }
}

type FoundPlace = DownloadPlace & { readonly bucket: Bucket };

async function readAndRespond(
  request: QiniuRequest,
  core: CoreServices,
  { bucket, key }: FoundPlace,
  permission: DownloadPermission,
): Promise<QiniuResponse> {
  const { headers, signal, method } = request;
  const range = headers.get('range');
  const wanted = {
    ...{ bucket, key, versionId: null, partNumber: null },
    checkAccess: (object: ObjectRecord) => checkReadable(permission, bucket, key, object),
    present: (object: ObjectRecord, isStored: boolean) => withQetag(core, object, isStored),
    conditions: readConditions(headers),
    range: range === null ? null : parseRange(range),
    ifRange: ifRange(headers),
  };
  const found =
    method === 'HEAD'
      ? { ...(await headObject(core, wanted)), body: null }
      : await getObject(core, wanted, signal);
  return respond(found, {
    ...{ bucket, object: found.object, untilMs: permission.untilMs },
    ...{ nowMs: core.now(), query: request.target.query },
  });
}

function respond(
  found: FoundObject & { readonly body: QiniuResponse['body'] | null },
  facts: DownloadFacts,
): QiniuResponse {
  if (found.isNotModified) return { status: 304, headers: validators(facts) };
  // No Content-Range can say "no bytes": an empty object is answered whole.
  const range = found.object.size > 0 ? found.range : null;
  return {
    status: range ? 206 : 200,
    headers: downloadHeaders(facts, range),
    ...(found.body && { body: found.body }),
  };
}

/** Throws `AccessDenied` where another object has come under the key. */
function checkReadable(
  { access }: DownloadPermission,
  bucket: Bucket,
  key: string,
  object: ObjectRecord,
): void {
  requireAllowed(access, 's3:GetObject', { bucket, key, object });
}

/** Downloads tell Kodo's hash in the place of S3's ETag. */
async function withQetag(
  core: CoreServices,
  object: ObjectRecord,
  isStored: boolean,
): Promise<ObjectRecord> {
  const qetag = isStored ? await ensureQetag(core, object) : object.qetag;
  // Where it was replaced meanwhile, its bytes cannot be read either, and the next look tells.
  return { ...object, etag: qetag ?? object.etag };
}

/** Throws what is no matter of the object. */
async function answerFailure(
  thrown: unknown,
  request: QiniuRequest,
  core: CoreServices,
  bucket: Bucket,
  permission: DownloadPermission,
): Promise<QiniuResponse> {
  if (!(thrown instanceof GatewayError)) throw thrown;
  const { code, facts } = thrown;
  if (code === 'PreconditionFailed') throw new QiniuError(412, 'precondition failed');
  if (code === 'InvalidRange') {
    const headers = { 'content-range': `bytes */${facts.ActualObjectSize}` };
    return { status: 416, headers, json: { error: 'requested range not satisfiable' } };
  }
  if (code !== 'NoSuchKey') throw thrown;
  const page = await findMissingPage(request, core, bucket, permission);
  if (page === null) throw missing();
  return page;
}

/** What the bucket has for those who ask for what it has not; null for nothing. */
async function findMissingPage(
  { signal }: QiniuRequest,
  core: CoreServices,
  bucket: Bucket,
  permission: DownloadPermission,
): Promise<QiniuResponse | null> {
  const key = missingPageKey;
  const wanted = {
    ...{ bucket, key, versionId: null, partNumber: null, conditions: {}, range: null },
    checkAccess: (object: ObjectRecord) => checkReadable(permission, bucket, key, object),
  };
  try {
    const { object, body } = await getObject(core, wanted, signal);
    const type = object.headers['content-type'] ?? 'application/octet-stream';
    const headers = { 'content-type': type, 'content-length': object.size };
    return { status: 404, headers, ...(body && { body }) };
  } catch (error) {
    if (error instanceof GatewayError || error instanceof QiniuError) return null;
    throw error;
  }
}
