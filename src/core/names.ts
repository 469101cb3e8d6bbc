import { GatewayError } from './errors.ts';

/** Bytes of a key in UTF-8. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const keySizeBytesMax = 1024;

const bucketNameLengthMin = 3;
const bucketNameLengthMax = 63;

/**
 * Prefixes and suffixes that AWS keeps for its own names.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
const reservedPrefixes = ['xn--', 'sthree-', 'amzn-s3-demo-'] as const;
const reservedSuffixes = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'] as const;

/**
 * A DNS name of labels that start and end with a letter or a digit: `a..b`, `a.-b` and `a-.b`
 * could never be addressed as a virtual host.
 */
const dnsName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const ipv4Address = /^\d+\.\d+\.\d+\.\d+$/;

/** AWS's naming rules for general purpose buckets. */
export function isValidBucketName(name: string): boolean {
  return (
    name.length >= bucketNameLengthMin &&
    name.length <= bucketNameLengthMax &&
    dnsName.test(name) &&
    !ipv4Address.test(name) &&
    !reservedPrefixes.some((prefix) => name.startsWith(prefix)) &&
    !reservedSuffixes.some((suffix) => name.endsWith(suffix))
  );
}

/** Throws `InvalidBucketName` unless a bucket of that name may be created. */
export function checkBucketName(name: string): void {
  if (!isValidBucketName(name)) throw new GatewayError('InvalidBucketName', { BucketName: name });
}

/**
 * Lone surrogates have no UTF-8 form: two different keys would end up as one in the index.
 * U+0000 has no place in PostgreSQL's text and in XML.
 */
const unusableInKeys = /\p{Surrogate}|\0/u;

/**
 * Throws `KeyTooLongError` or `InvalidURI` unless `key` is UTF-8 of at most 1024 bytes. The empty
 * key is one of Kodo's: whatever S3 is asked for has a key of a byte or more, or is a bucket.
 */
export function checkKey(key: string): void {
  if (unusableInKeys.test(key)) throw new GatewayError('InvalidURI', { URI: key });
  const sizeBytes = Buffer.byteLength(key);
  if (sizeBytes > keySizeBytesMax) {
    throw new GatewayError('KeyTooLongError', {
      Size: sizeBytes,
      MaxSizeAllowed: keySizeBytesMax,
    });
  }
}
