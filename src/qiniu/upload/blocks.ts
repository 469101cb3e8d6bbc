import { newObjectAccess } from '../../core/access/put-acl.ts';
import { GatewayError } from '../../core/errors.ts';
import { createKeylessUpload } from '../../core/multipart/keyless-uploads.ts';
import { groupNameOf } from '../../core/placement.ts';
import { qetagBlockSizeBytes } from '../../core/qetag.ts';
import { checkQuotas } from '../../core/quotas.ts';
import { type StoredContent, storeContent } from '../../core/store-content.ts';
import type { Checksum } from '../../object-index/records.ts';
import { encodeUrlSafe } from '../encodings.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuResponse, QiniuRoute, QiniuServices } from '../operation.ts';
import {
  type BlockContext,
  decodeContext,
  encodeContext,
  expiryOf,
  nextChain,
} from './block-context.ts';
import { BlockHash, blockHashOf } from './block-hash.ts';
import {
  authorizeKeyless,
  openGrant,
  storageClassHeader,
  type UploadGrant,
  uploadTokenOf,
} from './grant.ts';
import { withContent } from './receive-content.ts';

/** Chunks of one block: clients send one, or a few. */
const chunksMax = 1024;

/** A context that is unknown, over or not of this client: clients start from scratch then. */
export function invalidContext(): QiniuError {
  return new QiniuError(701, 'invalid ctx');
}

/**
 * Begins a block of an upload of version 1; the body is its first chunk, most often all of it.
 * https://developer.qiniu.com/kodo/1286/mkblk
 */
export const makeBlock: QiniuRoute = {
  name: 'mkblk',
  methods: ['POST'],
  path: '/mkblk/:size',
  authentication: 'own',
  async handle(request, services) {
    const grant = await openGrant(request, services, uploadTokenOf(request));
    await authorizeKeyless(services.core, grant);
    const blockSize = parseNumber(request.argument('size'), 'size');
    if (blockSize < 1 || blockSize > qetagBlockSizeBytes) {
      throw new QiniuError(400, 'invalid argument: a block has 1 to 4194304 bytes');
    }
    const bucketId = grant.bucket.id;
    const start = { bucketId, uploadId: '', chunkCount: 0, offset: 0, blockSize };
    return await addChunk(request, services, grant, { ...start, chain: Buffer.alloc(0) });
  },
};

/** https://developer.qiniu.com/kodo/1251/bput */
export const putChunk: QiniuRoute = {
  name: 'bput',
  methods: ['POST'],
  path: '/bput/:ctx/:offset',
  authentication: 'own',
  async handle(request, services) {
    const grant = await openGrant(request, services, uploadTokenOf(request));
    await authorizeKeyless(services.core, grant);
    const { secretKey } = grant.keys;
    const context = decodeContext(request.argument('ctx'), secretKey, services.core.now());
    const offset = parseNumber(request.argument('offset'), 'offset');
    if (context?.bucketId !== grant.bucket.id || context.offset !== offset) throw invalidContext();
    if (context.chunkCount >= chunksMax) throw new QiniuError(400, 'too many chunks');
    return await addChunk(request, services, grant, context);
  },
};

/** Stores the body behind what the block has already. Throws 701 when that is another thing. */
async function addChunk(
  request: QiniuRequest,
  services: QiniuServices,
  grant: UploadGrant,
  block: BlockContext,
): Promise<QiniuResponse> {
  const { core } = services;
  const sizeBytesMax = block.blockSize - block.offset;
  return await withContent(request, services, { sizeBytesMax }, async (content) => {
    if (content.size === 0) throw new QiniuError(400, 'invalid argument: the body is empty');
    await checkQuotas(core, grant.bucket, '', content.size);
    const { hash, isLast } = await hashOf(services, block, content.size);
    const watched = hash ? hash.watch(content) : content;
    const groupName = groupNameOf(core.settings, grant.bucket, descriptionOf(grant));
    const { signal } = request;
    const options = { signal, checksumAlgorithm: 'CRC32', needsQetag: true, groupName } as const;
    const store = storeContent(core, watched, options, async (chunk) => {
      const progress: Checksum | null =
        hash && !isLast ? { algorithm: 'SHA1', type: 'COMPOSITE', value: hash.state() } : null;
      const qetag = hash ? hash.qetag() : (chunk.qetag ?? '');
      const uploadId = await putPart(services, grant, block, { ...chunk, qetag, progress });
      return { ...chunk, qetag, uploadId };
    });
    const stored = await store.catch((error: unknown) => {
      const isGone = error instanceof GatewayError && error.code === 'NoSuchUpload';
      throw isGone ? invalidContext() : error;
    });
    return answer(request, grant, {
      ...stored,
      context: {
        ...block,
        uploadId: stored.uploadId,
        chunkCount: block.chunkCount + 1,
        offset: block.offset + stored.size,
        chain: nextChain(block.chunkCount === 0 ? null : block.chain, stored.etag),
      },
    });
  });
}

function descriptionOf({ policy }: UploadGrant) {
  return { headers: storageClassHeader(policy), userMetadata: {} };
}

/** A block that comes in one piece needs none: its hash is that of the piece. */
async function hashOf(
  { core }: QiniuServices,
  { uploadId, chunkCount, offset, blockSize }: BlockContext,
  size: number,
): Promise<{ readonly hash: BlockHash | null; readonly isLast: boolean }> {
  const isLast = offset + size === blockSize;
  if (chunkCount === 0) return { hash: isLast ? null : await BlockHash.start(null), isLast };
  const { parts } = await core.index.listParts(uploadId, chunkCount - 1, 1);
  const state = parts[0]?.partNumber === chunkCount ? parts[0].checksum?.value : undefined;
  if (state === undefined) throw invalidContext();
  return { hash: await BlockHash.start(state), isLast };
}

/** Gives the ID of the block's upload, which its first chunk begins. */
async function putPart(
  { core }: QiniuServices,
  grant: UploadGrant,
  block: BlockContext,
  chunk: Omit<StoredContent, 'checksum'> & { readonly progress: Checksum | null },
): Promise<string> {
  const { bucket, access } = grant;
  const isFirst = block.chunkCount === 0;
  const uploadId = isFirst ? await beginBlock({ core }, grant) : block.uploadId;
  const { progress, ...stored } = chunk;
  const part = {
    ...stored,
    checksum: progress,
    ...{ bucketId: bucket.id, key: '', uploadId, partNumber: block.chunkCount + 1 },
    lastModifiedMs: core.now(),
  };
  const outcome = await core.index.putPart(part);
  // One of core's errors, so that it is known that nothing needs the chunk's file.
  if (outcome === 'no-such-upload') throw new GatewayError('NoSuchUpload');
  core.logger.debug({ uploadId, userId: access.caller.userId }, 'a chunk of a block was stored');
  return uploadId;
}

async function beginBlock(
  { core }: Pick<QiniuServices, 'core'>,
  grant: UploadGrant,
): Promise<string> {
  const { bucket, access } = grant;
  const { ownerId } = await newObjectAccess(core, access, { bucket, key: '' }, null);
  const description = descriptionOf(grant);
  const initiatorId = access.caller.userId;
  return (await createKeylessUpload(core, { bucket, ownerId, initiatorId, description })).uploadId;
}

function answer(
  { headers, exchange }: QiniuRequest,
  { keys }: UploadGrant,
  {
    context,
    checksum,
    qetag,
  }: {
    readonly context: BlockContext;
    readonly checksum: Checksum | null;
    readonly qetag: string;
  },
): QiniuResponse {
  const scheme = exchange.origin.isSecure ? 'https' : 'http';
  return {
    json: {
      ctx: encodeContext(context, keys.secretKey),
      checksum: encodeUrlSafe(blockHashOf(qetag)),
      crc32: Buffer.from(checksum?.value ?? '', 'base64').readUInt32BE(0),
      offset: context.offset,
      host: `${scheme}://${headers.get('host') ?? ''}`,
      expired_at: Math.floor(expiryOf(context.uploadId) / 1000),
    },
  };
}

/** Throws 400. */
export function parseNumber(text: string, name: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new QiniuError(400, `invalid argument: ${name}`);
  return Number(text);
}
