import { GatewayError } from '../../core/errors.ts';
import { listedPartsMax } from '../../core/multipart/list-uploads.ts';
import { getObjectAttributes as get, type ObjectAttributes } from '../../core/object-attributes.ts';
import { httpDate } from '../../http/header-values.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import { checksumElement, checksumElements } from '../checksum-headers.ts';
import type { Operation } from '../operation.ts';
import { integerParameter, keyOf } from '../parameters.ts';
import { versionHeaders } from '../version-headers.ts';
import { renderXml } from '../xml.ts';

const attributeNames = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const;

type AttributeName = (typeof attributeNames)[number];

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
export const getObjectAttributes: Operation = {
  name: 'GetObjectAttributes',
  permission: ({ query }) =>
    query.has('versionId') ? 's3:GetObjectVersionAttributes' : 's3:GetObjectAttributes',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const { headers } = request;
    const wanted = parseAttributes(headers);
    const asked = integerParameter(headers, 'x-amz-max-parts', { fallback: listedPartsMax });
    const maxParts = Math.min(asked, listedPartsMax);
    const afterPartNumber = integerParameter(headers, 'x-amz-part-number-marker', { fallback: 0 });
    const found = await get(core, {
      bucket,
      key: keyOf(request),
      versionId: request.query.get('versionId'),
      access: request.access,
      parts: wanted.has('ObjectParts') ? { afterPartNumber, maxParts } : null,
    });
    const { object } = found;
    const attributes = {
      ETag: object.etag,
      Checksum: object.checksum ? checksumElements(object.checksum) : undefined,
      ObjectParts: objectParts(found, { afterPartNumber, maxParts }),
      StorageClass: object.headers['x-amz-storage-class'] ?? 'STANDARD',
      ObjectSize: object.size,
    } satisfies Record<AttributeName, unknown>;
    const body = renderXml(
      'GetObjectAttributesResponse',
      Object.fromEntries(
        attributeNames.map((name) => [name, wanted.has(name) ? attributes[name] : undefined]),
      ),
    );
    return {
      status: 200,
      headers: {
        'last-modified': httpDate(object.lastModifiedMs),
        ...versionHeaders(bucket, object),
      },
      body,
    };
  },
};

/** The attributes that are wanted. Throws `InvalidArgument` for none or an unknown one. */
function parseAttributes(headers: RequestHeaders): ReadonlySet<AttributeName> {
  const value = headers.get('x-amz-object-attributes') ?? '';
  const names = value.split(',').map((item) => {
    const name = item.trim();
    const known = attributeNames.find((attribute) => attribute === name);
    if (known) return known;
    throw new GatewayError('InvalidArgument', {
      message: 'Invalid attribute name specified.',
      ArgumentName: 'x-amz-object-attributes',
      ArgumentValue: name,
    });
  });
  return new Set(names);
}

/**
 * AWS lists parts only for objects with a checksum; here their sizes are told of every object in
 * parts.
 */
function objectParts(
  { object, parts }: ObjectAttributes,
  { afterPartNumber, maxParts }: { readonly afterPartNumber: number; readonly maxParts: number },
) {
  if (!parts) return undefined;
  const { checksum } = object;
  return {
    IsTruncated: parts.isTruncated,
    MaxParts: maxParts,
    NextPartNumberMarker: parts.listed.at(-1)?.partNumber ?? 0,
    PartNumberMarker: afterPartNumber,
    Part: parts.listed.map(({ partNumber, size, checksumValue }) => ({
      ...(checksum && checksumValue !== null
        ? { [checksumElement(checksum.algorithm)]: checksumValue }
        : {}),
      PartNumber: partNumber,
      Size: size,
    })),
    PartsCount: parts.partCount,
  };
}
