import type { ObjectDescription } from '../object-index/records.ts';
import { GatewayError } from './errors.ts';

/**
 * Bytes of all user metadata of an object, names without `x-amz-meta-` and values together.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
const userMetadataSizeBytesMax = 2048;

const storageClassHeader = 'x-amz-storage-class';
const redirectHeader = 'x-amz-website-redirect-location';
const defaultStorageClass = 'STANDARD';
const redirectLocationSizeMax = 2048;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const storageClasses: ReadonlySet<string> = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'OUTPOSTS',
  'GLACIER_IR',
  'SNOW',
  'EXPRESS_ONEZONE',
  'FSX_OPENZFS',
]);

/**
 * The description as it is kept: STANDARD, the default, is not written down. Throws
 * `MetadataTooLarge`, `InvalidStorageClass` or `InvalidRedirectLocation`.
 */
export function checkedDescription(description: ObjectDescription): ObjectDescription {
  checkUserMetadata(description.userMetadata);
  const redirect = description.headers[redirectHeader];
  if (redirect !== undefined && !isRedirectLocation(redirect)) {
    throw new GatewayError('InvalidRedirectLocation');
  }
  const { [storageClassHeader]: storageClass, ...headers } = description.headers;
  if (storageClass === undefined || storageClass === defaultStorageClass) {
    return { headers, userMetadata: description.userMetadata };
  }
  if (!storageClasses.has(storageClass)) {
    throw new GatewayError('InvalidStorageClass', { StorageClassRequested: storageClass });
  }
  return description;
}

function checkUserMetadata(userMetadata: Readonly<Record<string, string>>): void {
  let size = 0;
  // One character is one octet (latin1), so lengths are bytes.
  for (const [name, value] of Object.entries(userMetadata)) size += name.length + value.length;
  if (size > userMetadataSizeBytesMax) {
    throw new GatewayError('MetadataTooLarge', {
      Size: size,
      MaxSizeAllowed: userMetadataSizeBytesMax,
    });
  }
}

function isRedirectLocation(location: string): boolean {
  return location.length <= redirectLocationSizeMax && /^(\/|https?:\/\/)/.test(location);
}

/**
 * What a copy keeps of its source with the directive COPY: storage class and redirect are the
 * request's own. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function copiedDescription(
  source: ObjectDescription,
  requested: ObjectDescription,
): ObjectDescription {
  const { [storageClassHeader]: _class, [redirectHeader]: _redirect, ...kept } = source.headers;
  const headers: Record<string, string> = { ...kept };
  for (const name of [storageClassHeader, redirectHeader]) {
    const value = requested.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  return { headers, userMetadata: source.userMetadata };
}
