import { newObjectAccess } from '../../core/access/put-acl.ts';
import { checkedDescription } from '../../core/descriptions.ts';
import { expiryAfterDays } from '../../core/local-time.ts';
import { sniffedSizeBytes } from '../../core/media-types.ts';
import { retentionByDefault } from '../../core/object-lock.ts';
import type { ObjectDescription, ObjectSubresources } from '../../object-index/records.ts';
import type { WriteCondition } from '../../object-index/write-requests.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuServices } from '../operation.ts';
import { imageHeadSizeBytes, imageInfo } from '../policy/image-info.ts';
import {
  allowsMediaType,
  type DecidedMediaType,
  decideMediaType,
  judgedMediaType,
} from '../policy/media-type.ts';
import { checkName, nameObject, overwriteRule } from '../policy/object-naming.ts';
import { checkDeadline, type PutPolicy } from '../policy/put-policy.ts';
import { renderText, variablesOf } from '../policy/template.ts';
import { keyVariables, type UploadFacts } from '../policy/variables.ts';
import { fetchKey } from './callback-answer.ts';
import type { UploadDetails } from './details.ts';
import { authorizeWrite, renewGrant, storageClassHeader, type UploadGrant } from './grant.ts';
import { knowContent } from './same-content.ts';

/** An upload of which all bytes are on storage servers. */
export interface CompleteUpload {
  readonly grant: UploadGrant;
  readonly details: UploadDetails;
  readonly size: number;
  readonly qetag: string;
  /** Its first bytes, fewer where the content is shorter. */
  readonly readHead: (sizeBytes: number) => Promise<Buffer>;
  /** Of version 1; see `overwriteRule`. */
  readonly isInBlocks: boolean;
}

/** What the object will be, but for its content. */
export interface UploadDecision {
  readonly object: ObjectDescription &
    Pick<ObjectSubresources, 'expiresAtMs' | 'kodo' | 'acl' | 'retention'> & {
      readonly bucketId: number;
      readonly key: string;
      readonly ownerId: string;
      readonly lastModifiedMs: number;
    };
  readonly condition: WriteCondition | undefined;
  readonly facts: UploadFacts;
  /** What the client gets, where a callback decided the key. */
  readonly payload: string | null;
}

/**
 * Applies a policy to an upload whose content is known, right before it becomes an object. Throws
 * what the policy forbids: 401 when the token is over by now, 413 and 403 for a size that it does not
 * allow, 403 for a media type or a key, and `AccessDenied`; what `renewGrant` throws.
 */
export async function decideUpload(
  services: QiniuServices,
  upload: CompleteUpload,
): Promise<UploadDecision> {
  const { core, timeZone } = services;
  const { details } = upload;
  const { policy } = upload.grant;
  const nowMs = core.now();
  checkDeadline(policy, nowMs);
  checkSize(policy, upload.size);
  const mediaType = await mediaTypeOf(upload);
  const facts = await factsOf(upload, mediaType);
  const find = keyVariables(facts, nowMs, timeZone);
  const renderSaveKey = (template: string) => renderText(template, find);
  const decided = await keyOfCallback(services, upload.grant, facts);
  const grant = await renewGrant(services, upload.grant);
  const { bucket, access } = grant;
  const key = decided?.key ?? nameObject(policy, details.key, { renderSaveKey, ...upload });
  checkName(policy, key);
  grant.concernsKey(key);
  await authorizeWrite(core, grant, key);
  const { ownerId, acl } = await newObjectAccess(core, access, { bucket, key }, null);
  const days = policy.deleteAfterDays;
  return {
    object: {
      bucketId: bucket.id,
      ...{ key, ownerId, acl },
      lastModifiedMs: nowMs,
      ...describe(policy, details, mediaType),
      expiresAtMs: days === null ? null : expiryAfterDays(nowMs, days, timeZone),
      kodo: policy.endUser === '' ? null : { endUser: policy.endUser },
      retention: retentionByDefault(bucket, nowMs),
    },
    condition: await conditionOf(services, { ...upload, grant }, key),
    facts,
    payload: decided?.payload ?? null,
  };
}

/** Null where the application is not asked for the key. */
async function keyOfCallback(services: QiniuServices, grant: UploadGrant, facts: UploadFacts) {
  const { callback } = grant.policy;
  return callback?.decidesKey ? await fetchKey(services, grant, callback, facts) : null;
}

/** Throws 413 and 403. */
function checkSize({ fsizeLimit, fsizeMin }: PutPolicy, size: number): void {
  if (fsizeLimit !== null && size > fsizeLimit) throw exceedsLimit();
  if (size < fsizeMin) {
    throw new QiniuError(403, 'request entity size is smaller than FsizeMin');
  }
}

export function exceedsLimit(): QiniuError {
  return new QiniuError(413, 'request entity size exceeds FsizeLimit');
}

/** Throws 403 for content of a type that the policy forbids. */
async function mediaTypeOf({
  grant: { policy },
  details,
  readHead,
}: CompleteUpload): Promise<DecidedMediaType> {
  const head = () => readHead(sniffedSizeBytes);
  const names = { fileName: details.fileName, key: details.key ?? policy.scopeKey, head };
  if (policy.mimeLimit !== '') {
    const judged = await judgedMediaType(names);
    if (!allowsMediaType(policy.mimeLimit, judged)) {
      throw new QiniuError(403, 'limited mimeType: this file type is forbidden to upload');
    }
  }
  return await decideMediaType(policy.mimeDetection, { ...names, clientType: details.mediaType });
}

async function factsOf(
  { grant: { policy }, details, size, qetag, readHead }: CompleteUpload,
  { mediaType, isSniffed }: DecidedMediaType,
): Promise<UploadFacts> {
  const bodies = [policy.returnBody, policy.callback?.body ?? ''];
  const tellsOfImage = bodies.flatMap(variablesOf).some((name) => /^imageInfo(\.|$)/.test(name));
  return {
    bucketName: policy.bucketName,
    ...{ qetag, size, mediaType },
    isMediaTypeSniffed: isSniffed,
    fileName: details.fileName,
    endUser: policy.endUser,
    customVariables: details.customVariables,
    imageInfo: tellsOfImage ? imageInfo(await readHead(imageHeadSizeBytes)) : null,
  };
}

function describe(
  policy: PutPolicy,
  { systemHeaders, userMetadata }: UploadDetails,
  { mediaType }: DecidedMediaType,
): ObjectDescription {
  return checkedDescription({
    headers: {
      ...systemHeaders,
      'content-type': mediaType,
      ...storageClassHeader(policy),
    },
    userMetadata,
  });
}

async function conditionOf(
  services: QiniuServices,
  { grant, qetag, size, isInBlocks }: CompleteUpload,
  key: string,
): Promise<WriteCondition | undefined> {
  const { blocksOverwrite } = services.uploads;
  const rule = overwriteRule(grant.policy, { isInBlocks: isInBlocks && blocksOverwrite });
  if (rule === 'replace') return undefined;
  await knowContent(services.core, { bucket: grant.bucket, key, size });
  return { ifNoneMatch: ['*'], unlessQetag: qetag };
}
