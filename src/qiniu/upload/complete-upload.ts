import { createHash } from 'node:crypto';
import { etagOfParts } from '../../core/multipart/upload-checksums.ts';
import { qetagOfParts } from '../../core/qetag.ts';
import type { Part } from '../../object-index/records.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuResponse, QiniuRoute, QiniuServices } from '../operation.ts';
import { readBody } from '../read-body.ts';
import { answerUpload, uploadedObject } from './answer.ts';
import {
  type CompletionDocument,
  type ListedPart,
  parseCompletion,
} from './completion-document.ts';
import { decideUpload } from './decide.ts';
import type { UploadGrant } from './grant.ts';
import { readPartHead } from './part-head.ts';
import { getUpload, noSuchUpload, openPathGrant } from './parts-uploads.ts';
import { completedAnswer } from './repeated-answer.ts';

/** Bytes of every part but the last. */
const partSizeBytesMin = 1024 ** 2;
/** Ten thousand parts, and what else a client says. */
const documentSizeBytesMax = 4 * 1024 ** 2;
const partsPageSize = 2500;
const hashSizeBytes = 20;
const emptyEtag = createHash('md5').digest('hex');

/** https://developer.qiniu.com/kodo/6368/complete-multipart-upload */
export const completeUpload: QiniuRoute = {
  name: 'complete-upload',
  methods: ['POST'],
  path: '/buckets/:bucket/objects/:key/uploads/:uploadId',
  authentication: 'own',
  async handle(request, services) {
    const { grant, key } = await openPathGrant(request, services);
    const body = await readBody(request.exchange, documentSizeBytesMax, services.bodyPace);
    const document = parseCompletion(body, key);
    const uploadId = request.argument('uploadId');
    const completed = await complete(services, grant, uploadId, document, () =>
      getUpload(services, grant, request),
    );
    return completed ?? (await repeat(services, grant, uploadId, document));
  },
};

/** Null when there is no such upload any more. */
async function complete(
  services: QiniuServices,
  grant: UploadGrant,
  uploadId: string,
  { parts: listed, details }: CompletionDocument,
  find: () => Promise<unknown>,
): Promise<QiniuResponse | null> {
  const { core } = services;
  const { bucket } = grant;
  try {
    await find();
  } catch (error) {
    if (error instanceof QiniuError && error.status === 612) return null;
    throw error;
  }
  const parts = await chosenParts(services, uploadId, listed);
  const qetag = qetagOfParts(parts.map(({ size, qetag: hash }) => ({ size, qetag: hash ?? '' })));
  const first = parts[0]?.partNumber ?? 0;
  const decision = await decideUpload(services, {
    ...{ grant, details, qetag },
    size: parts.reduce((sum, { size }) => sum + size, 0),
    readHead: (sizeBytes) => readPartHead(core, uploadId, first, sizeBytes),
    isInBlocks: false,
  });
  const { object, condition } = decision;
  const outcome = await core.index.completeUpload({
    bucketId: bucket.id,
    key: '',
    uploadId,
    parts: parts.map(({ partNumber, etag }) => ({ partNumber, etag })),
    etag: parts.length === 0 ? emptyEtag : etagOfParts(parts),
    qetag,
    checksum: null,
    lastModifiedMs: object.lastModifiedMs,
    defaultRetention: object.retention,
    decided: object,
    ...(condition && { condition }),
  });
  if (outcome.outcome === 'no-such-upload') return null;
  if (outcome.outcome === 'invalid-part') throw new QiniuError(400, 'invalid part');
  const published =
    outcome.outcome === 'completed' ? { ...outcome, outcome: 'stored' as const } : outcome;
  const { key } = uploadedObject(published, bucket, object.key);
  return await answerUpload(services, grant, decision, key);
}

/** Throws 400 for parts that are not as the client says, and for small ones. */
async function chosenParts(
  { core }: QiniuServices,
  uploadId: string,
  listed: readonly ListedPart[],
): Promise<readonly Part[]> {
  const stored = new Map<number, Part>();
  const last = listed.at(-1)?.partNumber ?? 0;
  for (let after = 0; after < last; ) {
    const page = await core.index.listParts(uploadId, after, partsPageSize);
    for (const part of page.parts) stored.set(part.partNumber, part);
    if (!page.isTruncated) break;
    after = page.parts.at(-1)?.partNumber ?? last;
  }
  return listed.map(({ partNumber, etag }, at) => {
    const part = stored.get(partNumber);
    if (!part || part.qetag !== etag) throw new QiniuError(400, 'invalid part');
    if (at < listed.length - 1 && part.size < partSizeBytesMin) {
      throw new QiniuError(400, 'a part but the last one is smaller than 1 MiB');
    }
    return part;
  });
}

/** Throws 612. */
async function repeat(
  services: QiniuServices,
  grant: UploadGrant,
  uploadId: string,
  { parts, details }: CompletionDocument,
): Promise<QiniuResponse> {
  const isSame = (qetag: string) => mayBecome(parts, qetag);
  const repeated = await completedAnswer(services, grant, details, { uploadId, isSame });
  if (!repeated) throw noSuchUpload();
  return repeated;
}

/** Whether the parts listed have that hash; nothing is known of their sizes any more. */
function mayBecome(parts: readonly ListedPart[], qetag: string): boolean {
  const hashes = parts.map(({ etag }) => Buffer.from(etag, 'base64url').subarray(-hashSizeBytes));
  const whole = Buffer.from(qetag, 'base64url').subarray(-hashSizeBytes);
  const composed = createHash('sha1').update(Buffer.concat(hashes)).digest();
  return composed.equals(whole) || (hashes.length === 1 && hashes[0]?.equals(whole) === true);
}
