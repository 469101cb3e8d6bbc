import { domainOfHost } from '../../core/bucket-domains.ts';
import type { CoreServices } from '../../core/services.ts';
import type { Bucket } from '../../object-index/records.ts';
import type { QiniuRequest } from '../operation.ts';
import { decodeSegment } from '../target.ts';

/** What a download names. */
export interface DownloadPlace {
  /** Null where there is none. */
  readonly bucket: Bucket | null;
  readonly bucketName: string;
  readonly key: string;
  /** Names of hosts at which this very target names the same object. */
  readonly hosts: readonly string[];
}

/**
 * At a domain of a bucket the whole path is the key; elsewhere the bucket comes before it. Throws
 * 400 for what is no UTF-8.
 */
export async function findDownloadPlace(
  { index }: Pick<CoreServices, 'index'>,
  { target, headers, exchange: { origin } }: QiniuRequest,
  publicHosts: readonly string[],
): Promise<DownloadPlace> {
  const received = headers.get('host') ?? '';
  const path = target.path.slice(1);
  const domain = domainOfHost(received);
  const ofDomain = domain === null ? null : await index.findBucketByDomain(domain);
  if (ofDomain) {
    const domains = await index.listBucketDomains(ofDomain.id);
    return {
      bucket: ofDomain,
      bucketName: ofDomain.name,
      key: decodeSegment(path),
      hosts: [received, ...domains.map((each) => each.domain)],
    };
  }
  const slash = path.indexOf('/');
  const bucketName = decodeSegment(slash === -1 ? path : path.slice(0, slash));
  return {
    bucket: bucketName === '' ? null : await index.findBucket(bucketName),
    bucketName,
    key: slash === -1 ? '' : decodeSegment(path.slice(slash + 1)),
    // A link that was signed for a domain must not be read as one that names a bucket.
    hosts: [received, ...origin.forwardedHosts, ...publicHosts],
  };
}
