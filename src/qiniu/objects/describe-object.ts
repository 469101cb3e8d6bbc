import { fileTypeOf } from '../../core/kodo/storage-types.ts';
import type { ListedObject } from '../../object-index/listing-requests.ts';
import type { KodoAttributes, ObjectRecord } from '../../object-index/records.ts';
import { fromOctets } from '../octets.ts';

const defaultMimeType = 'application/octet-stream';

/**
 * Kodo's time: units of 100 ns since 1970. Above 2^53, but multiples of 10,000 of that size are still
 * exact, and JSON gets all of their digits.
 */
export function putTimeOf(timeMs: number): number {
  return timeMs * 10_000;
}

/** What `stat` and listings tell alike. */
function describeCommon(
  object: Pick<ObjectRecord, 'size' | 'etag' | 'lastModifiedMs'>,
  {
    hash,
    mimeType,
    storageClass,
    kodo,
    nowMs,
  }: {
    readonly hash: string;
    readonly mimeType: string | null;
    readonly storageClass: string | null;
    readonly kodo: KodoAttributes | null;
    readonly nowMs: number;
  },
) {
  return {
    hash,
    fsize: object.size,
    mimeType: fromOctets(mimeType ?? defaultMimeType),
    putTime: putTimeOf(object.lastModifiedMs),
    type: fileTypeOf(storageClass, kodo ?? {}, nowMs),
    status: kodo?.isDisabled ? 1 : 0,
    // That of an object in parts is no MD5.
    ...(/^[0-9a-f]{32}$/.test(object.etag) && { md5: object.etag }),
    ...(kodo?.endUser && { endUser: kodo.endUser }),
  };
}

/** Names of the fields that tell when an object gets colder, by S3's storage classes. */
const transitionFields: Readonly<Record<string, string>> = {
  STANDARD_IA: 'transitionToIA',
  GLACIER_IR: 'transitionToArchiveIR',
  GLACIER: 'transitionToARCHIVE',
  DEEP_ARCHIVE: 'transitionToDeepArchive',
};

/** The answer of `stat`. */
export function describeObject(object: ObjectRecord, hash: string, nowMs: number) {
  const { headers, kodo, userMetadata, expiresAtMs } = object;
  const metadata = Object.entries(userMetadata).map(([name, value]) => [name, fromOctets(value)]);
  const transitions = Object.entries(kodo?.transitions ?? {}).flatMap(([name, atMs]) => {
    const field = transitionFields[name];
    return field === undefined ? [] : [[field, secondsOf(atMs)]];
  });
  const mimeType = headers['content-type'] ?? null;
  const storageClass = headers['x-amz-storage-class'] ?? null;
  return {
    ...describeCommon(object, { hash, mimeType, storageClass, kodo, nowMs }),
    ...(metadata.length > 0 && { 'x-qn-meta': Object.fromEntries(metadata) }),
    ...(expiresAtMs !== null && { expiration: secondsOf(expiresAtMs) }),
    ...Object.fromEntries(transitions),
  };
}

/** An element of a listing. */
export function describeListed(object: ListedObject, hash: string, nowMs: number) {
  const { key, storageClass, details } = object;
  const { contentType = null, kodo = null } = details ?? {};
  const facts = { hash, mimeType: contentType, storageClass, kodo, nowMs };
  return { key, ...describeCommon(object, facts) };
}

function secondsOf(timeMs: number): number {
  return Math.floor(timeMs / 1000);
}
