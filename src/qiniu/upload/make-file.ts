import { etagOfParts } from '../../core/multipart/upload-checksums.ts';
import { qetagBlockSizeBytes, qetagOfBlocks } from '../../core/qetag.ts';
import type { ComposedUpload, UploadParts } from '../../object-index/upload-requests.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuResponse, QiniuRoute, QiniuServices } from '../operation.ts';
import { readBody } from '../read-body.ts';
import { answerUpload, uploadedObject } from './answer.ts';
import { type BlockContext, chainOf, contextLength, decodeContext } from './block-context.ts';
import { blockHashOf } from './block-hash.ts';
import { invalidContext, parseNumber } from './blocks.ts';
import { type CompleteUpload, decideUpload } from './decide.ts';
import { readPathDetails, type UploadDetails } from './details.ts';
import { checkEarly, openGrant, type UploadGrant, uploadTokenOf } from './grant.ts';
import { readPartHead } from './part-head.ts';
import { completedAnswer } from './repeated-answer.ts';
import { storeUpload } from './store-upload.ts';

/** Blocks of one object, about 100 GiB: all of them become its parts in one transaction. */
const blocksMax = 25_000;
/** Chunks of all of them, at 16 to a block: each is a row that the transaction moves. */
const chunksMax = blocksMax * 16;
const bodySizeBytesMax = blocksMax * (contextLength + 2);

/**
 * Makes an object of blocks that were uploaded, in whatever order.
 * https://developer.qiniu.com/kodo/1287/mkfile
 */
export const makeFile: QiniuRoute = {
  name: 'mkfile',
  methods: ['POST'],
  path: '/mkfile/:size/*',
  authentication: 'own',
  async handle(request, services) {
    const grant = await openGrant(request, services, uploadTokenOf(request));
    const size = parseNumber(request.argument('size'), 'size');
    const { details } = readPathDetails(request.rest);
    await checkEarly(services, grant, details.key);
    const blocks = await readContexts(request, services, grant);
    const blocksSize = blocks.reduce((sum, { offset }) => sum + offset, 0);
    if (blocksSize !== size) throw new QiniuError(400, 'the blocks have not the size of the file');
    if (blocks.reduce((sum, { chunkCount }) => sum + chunkCount, 0) > chunksMax) {
      throw new QiniuError(400, 'the blocks have too many chunks');
    }
    if (blocks.length === 0) return await makeEmpty(request, services, grant, details);
    if (blocks.slice(0, -1).some(({ offset }) => offset !== qetagBlockSizeBytes)) {
      throw new QiniuError(400, 'every block but the last has 4194304 bytes');
    }
    return await compose(services, grant, details, blocks);
  },
};

/** Throws 701. */
async function readContexts(
  request: QiniuRequest,
  { core, bodyPace }: QiniuServices,
  { keys, bucket }: UploadGrant,
): Promise<readonly BlockContext[]> {
  const body = await readBody(request.exchange, bodySizeBytesMax, bodyPace);
  const text = body.toString('latin1').trim();
  const nowMs = core.now();
  const blocks = (text === '' ? [] : text.split(',')).map((ctx) => {
    const context = decodeContext(ctx.trim(), keys.secretKey, nowMs);
    if (context?.bucketId !== bucket.id) throw invalidContext();
    return context;
  });
  const distinct = new Set(blocks.map(({ uploadId }) => uploadId));
  if (distinct.size < blocks.length) throw new QiniuError(400, 'a block is listed twice');
  return blocks;
}

async function makeEmpty(
  { signal }: QiniuRequest,
  services: QiniuServices,
  grant: UploadGrant,
  details: UploadDetails,
): Promise<QiniuResponse> {
  const content = services.core.spool.create();
  content.end();
  try {
    return await storeUpload(services, { grant, details, content, crc32: null, signal });
  } finally {
    content.release();
  }
}

async function compose(
  services: QiniuServices,
  grant: UploadGrant,
  details: UploadDetails,
  blocks: readonly BlockContext[],
): Promise<QiniuResponse> {
  const { core } = services;
  const { bucket } = grant;
  const firstId = blocks[0]?.uploadId ?? '';
  const listed = await listBlocks(services, grant, blocks);
  if (listed === null) {
    const repeated = await completedAnswer(services, grant, details, { uploadId: firstId });
    if (repeated) return repeated;
    throw invalidContext();
  }
  const upload: CompleteUpload = {
    grant,
    details,
    size: blocks.reduce((sum, { offset }) => sum + offset, 0),
    qetag: qetagOfBlocks(listed.map(({ parts }) => blockHashOf(parts.at(-1)?.qetag ?? ''))),
    readHead: (sizeBytes) => readPartHead(core, firstId, 1, sizeBytes),
    isInBlocks: true,
  };
  const decision = await decideUpload(services, upload);
  const { object, condition } = decision;
  const outcome = await core.index.composeObject({
    ...object,
    etag: etagOfParts(listed.flatMap(({ parts }) => parts)),
    qetag: upload.qetag,
    uploads: listed.map(toComposed),
    ...(condition && { condition }),
  });
  if (outcome.outcome === 'no-such-upload') {
    // Made by a request that ran beside this one.
    const repeated = await completedAnswer(services, grant, details, { uploadId: firstId });
    if (repeated) return repeated;
    throw invalidContext();
  }
  const { key } = uploadedObject(outcome, bucket, object.key);
  return await answerUpload(services, grant, decision, key);
}

/** The chunks of the blocks, in order; null where any is not what the client's context says. */
async function listBlocks(
  { core }: QiniuServices,
  { bucket }: UploadGrant,
  blocks: readonly BlockContext[],
): Promise<readonly UploadParts[] | null> {
  const uploadIds = blocks.map(({ uploadId }) => uploadId);
  const found = await core.index.listPartsOfUploads(bucket.id, uploadIds);
  const byId = new Map(found.map((upload) => [upload.uploadId, upload]));
  const listed: UploadParts[] = [];
  for (const { uploadId, chunkCount, chain } of blocks) {
    const upload = byId.get(uploadId);
    const isAsSaid =
      upload?.parts.length === chunkCount &&
      chainOf(upload.parts.map(({ etag }) => etag)).equals(chain);
    if (!upload || !isAsSaid) return null;
    listed.push(upload);
  }
  return listed;
}

function toComposed({ uploadId, parts }: UploadParts): ComposedUpload {
  return { uploadId, etags: parts.map(({ etag }) => etag) };
}
