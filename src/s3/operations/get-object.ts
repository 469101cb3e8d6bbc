import { requireAllowed } from '../../core/access/access.ts';
import type { ByteRange } from '../../core/byte-range.ts';
import { parseRange } from '../../core/byte-range.ts';
import { GatewayError } from '../../core/errors.ts';
import {
  type FoundObject,
  type GetObjectRequest,
  getObject as get,
  headObject as head,
} from '../../core/get-object.ts';
import { partNumberMax } from '../../core/multipart/upload-part.ts';
import { httpDate } from '../../http/header-values.ts';
import { ifRange, readConditions } from '../../http/preconditions.ts';
import type { Bucket, Checksum } from '../../object-index/records.ts';
import { checksumResponseHeaders } from '../checksum-headers.ts';
import { notModifiedHeaders, objectHeaders, overriddenHeaders } from '../object-headers.ts';
import type { Operation, S3Request, S3Response } from '../operation.ts';
import { integerParameter, keyOf } from '../parameters.ts';
import { subresourceHeaders } from '../subresource-headers.ts';
import { versionHeaders } from '../version-headers.ts';

function readAction({ query }: S3Request): string {
  return query.has('versionId') ? 's3:GetObjectVersion' : 's3:GetObject';
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export const getObject: Operation = {
  name: 'GetObject',
  permission: readAction,
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const overridden = overridesOf(request);
    const found = await get(core, readRequest(request, bucket), request.signal);
    const response = respond(found, request, bucket, overridden);
    return found.body ? { ...response, body: found.body } : response;
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export const headObject: Operation = {
  name: 'HeadObject',
  permission: readAction,
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const overridden = overridesOf(request);
    const found = await head(core, readRequest(request, bucket), request.signal);
    return respond(found, request, bucket, overridden);
  },
};

/** Throws `InvalidRequest` for anonymous callers: nobody vouches for what such a link says. */
function overridesOf({ query, access }: S3Request): Record<string, string> {
  const overridden = overriddenHeaders(query);
  if (access.caller.isAnonymous && Object.keys(overridden).length > 0) {
    throw new GatewayError('InvalidRequest', {
      message: 'Request specific response headers cannot be used for anonymous GET requests.',
    });
  }
  return overridden;
}

function readRequest(request: S3Request, bucket: Bucket): GetObjectRequest {
  const { headers, query } = request;
  const range = headers.get('range');
  const number = integerParameter(query, 'partNumber', { fallback: 0, min: 1, max: partNumberMax });
  const partNumber = number === 0 ? null : number;
  if (partNumber !== null && range !== null) {
    throw new GatewayError('InvalidRequest', {
      message: 'Cannot specify both Range header and partNumber query parameter',
    });
  }
  const key = keyOf(request);
  const versionId = query.get('versionId');
  return {
    bucket,
    key,
    versionId,
    checkAccess: (object) =>
      requireAllowed(request.access, readAction(request), { bucket, key, versionId, object }),
    conditions: readConditions(headers),
    range: range === null ? null : parseRange(range),
    ifRange: ifRange(headers),
    partNumber,
  };
}

function respond(
  found: FoundObject,
  { access, headers }: S3Request,
  bucket: Bucket,
  overridden: Record<string, string>,
): S3Response {
  const { object, range, part } = found;
  // What is still on its way from an origin is no version yet.
  const version = found.isStored ? versionHeaders(bucket, object) : {};
  if (found.isNotModified) {
    return { status: 304, headers: { ...notModifiedHeaders(object), ...version } };
  }
  // No Content-Range can say "no bytes": an empty object is answered whole.
  const isPartial = range !== null && object.size > 0;
  const wantsChecksum = headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
  return {
    status: isPartial ? 206 : 200,
    headers: {
      ...objectHeaders(object),
      ...subresourceHeaders(object, access, bucket),
      ...version,
      ...overridden,
      'content-length': range?.size ?? object.size,
      'content-range': isPartial ? contentRange(range, object.size) : undefined,
      'x-amz-expiration': expiration(object),
      'x-amz-mp-parts-count': part?.partCount ?? undefined,
      ...(wantsChecksum && checksumResponseHeaders(checksumOf(found))),
    },
  };
}

/** Kodo's API gives single objects an end, where S3 knows rules of buckets. */
function expiration({ expiresAtMs }: FoundObject['object']): string | undefined {
  if (expiresAtMs === null) return undefined;
  return `expiry-date="${httpDate(expiresAtMs)}", rule-id="deleteAfterDays"`;
}

function contentRange(range: ByteRange, objectSize: number): string | undefined {
  if (range.size === 0) return undefined;
  return `bytes ${range.start}-${range.start + range.size - 1}/${objectSize}`;
}

/** The checksum of exactly the bytes that are answered; null when none is known. */
function checksumOf({ object, range, part }: FoundObject): Checksum | null {
  const { checksum } = object;
  if (!checksum) return null;
  if (part?.partCount) {
    return part.checksumValue === null ? null : { ...checksum, value: part.checksumValue };
  }
  const isWhole = range === null || range.size === object.size;
  return isWhole ? checksum : null;
}
