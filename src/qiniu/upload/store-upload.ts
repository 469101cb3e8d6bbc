import type { Readable } from 'node:stream';
import { GatewayError } from '../../core/errors.ts';
import { groupNameOf } from '../../core/placement.ts';
import { checkPutSize } from '../../core/put-object.ts';
import { checkQuotas } from '../../core/quotas.ts';
import type { SpooledContent } from '../../core/spool/spooled-content.ts';
import { storeContent } from '../../core/store-content.ts';
import type { PutObjectOutcome } from '../../object-index/write-requests.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuResponse, QiniuServices } from '../operation.ts';
import { answerUpload, uploadedObject } from './answer.ts';
import { decideUpload, type UploadDecision } from './decide.ts';
import type { UploadDetails } from './details.ts';
import { storageClassHeader, type UploadGrant } from './grant.ts';
import { contentOf } from './receive-content.ts';

export interface SpooledUpload {
  readonly grant: UploadGrant;
  readonly details: UploadDetails;
  /** Complete. */
  readonly content: SpooledContent;
  /** Of the content, as the client says; null where it does not. */
  readonly crc32: string | null;
  readonly signal: AbortSignal;
}

/**
 * Makes an object of content that is in the spool, and tells of it. Throws what `decideUpload` and
 * `storeContent` throw, `BadDigest` for another CRC-32, and 614 for an object that is in the way.
 */
export async function storeUpload(
  services: QiniuServices,
  { grant, details, content, crc32, signal }: SpooledUpload,
): Promise<QiniuResponse> {
  const { core } = services;
  const { bucket, policy } = grant;
  checkPutSize(content.size);
  await checkQuotas(core, bucket, details.key ?? policy.scopeKey ?? '', content.size);
  const made: { decision: UploadDecision | null; outcome: PutObjectOutcome | null } = {
    decision: null,
    outcome: null,
  };
  const declared = crc32 === null ? {} : { checksumValue: parseCrc32(crc32) };
  const options = {
    signal,
    needsQetag: true,
    groupName: groupNameOf(core.settings, bucket, {
      headers: storageClassHeader(policy),
      userMetadata: {},
    }),
    prepare: async ({ size, qetag }: { readonly size: number; readonly qetag: string | null }) => {
      const readHead = (sizeBytes: number) => readWhole(content.open({ end: sizeBytes }));
      const complete = { grant, details, size, qetag: qetag ?? '', readHead, isInBlocks: false };
      made.decision = await decideUpload(services, complete);
    },
  };
  const incoming = contentOf(content.size, () => content.open(), declared);
  try {
    await storeContent(core, incoming, options, async (stored) => {
      const { object, condition } = decided(made.decision);
      made.outcome = await core.index.putObject({ ...object, ...stored }, condition);
      // The files are not needed, whatever is to be answered.
      if (made.outcome.outcome !== 'stored') throw new GatewayError('PreconditionFailed');
    });
  } catch (error) {
    if (made.outcome === null) throw error;
  }
  const { object } = decided(made.decision);
  const { key } = uploadedObject(decided(made.outcome), bucket, object.key);
  return await answerUpload(services, grant, decided(made.decision), key);
}

/** What a callback has set by now. */
function decided<Value>(value: Value | null): Value {
  if (value === null) throw new Error('The upload was published before it was decided on.');
  return value;
}

/** Unsigned decimal to base64 of its four bytes. Throws 400. */
function parseCrc32(text: string): string {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= 0xffffffff)) throw new QiniuError(400, 'invalid crc32');
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('base64');
}

async function readWhole(content: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of content as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}
