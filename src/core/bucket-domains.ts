import type { Bucket } from '../object-index/records.ts';
import { GatewayError } from './errors.ts';
import type { CoreServices } from './services.ts';

/** RFC 1035, section 2.3.4, and what browsers take for a host name or an IPv4 address. */
const domainPattern =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?)*$/;

/** The name in a Host header, as domains of buckets are kept; null where it can be none. */
export function domainOfHost(host: string | null): string | null {
  const name = host?.trim().toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '') ?? '';
  return domainPattern.test(name) ? name : null;
}

/**
 * Lets the objects of a bucket be downloaded at a host name, which is given as it is kept. Throws
 * `InvalidArgument` for what is no name, and `EntityAlreadyExists` when another bucket has it.
 */
export async function addBucketDomain(
  { index }: Pick<CoreServices, 'index'>,
  bucket: Bucket,
  domain: string,
): Promise<string> {
  const name = checkedDomain(domain);
  const stored = await index.putBucketDomain(bucket.id, name);
  if (stored.outcome === 'no-such-bucket') {
    throw new GatewayError('NoSuchBucket', { BucketName: bucket.name });
  }
  if (stored.outcome === 'taken') {
    throw new GatewayError('EntityAlreadyExists', {
      message: `The domain ${name} belongs to bucket ${stored.bucketName}.`,
    });
  }
  return name;
}

/** Throws `InvalidArgument`, and `NoSuchEntity` when the bucket does not have it. */
export async function removeBucketDomain(
  { index }: Pick<CoreServices, 'index'>,
  bucket: Bucket,
  domain: string,
): Promise<string> {
  const name = checkedDomain(domain);
  if (await index.removeBucketDomain(bucket.id, name)) return name;
  throw new GatewayError('NoSuchEntity', {
    message: `Bucket ${bucket.name} has no domain ${name}.`,
  });
}

function checkedDomain(domain: string): string {
  const name = domainOfHost(domain);
  if (name !== null && !/[:/]/.test(domain)) return name;
  throw new GatewayError('InvalidArgument', {
    message: `${domain} is no domain: give a host name without scheme, port and path.`,
    ArgumentName: 'domain',
    ArgumentValue: domain,
  });
}
