import { QiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuResponse, QiniuRoute, QiniuServices } from '../operation.ts';
import {
  type RegionFacts,
  regionAnswerV2,
  regionAnswerV3,
  regionAnswerV4,
} from './region-answers.ts';
import { serviceHosts } from './service-hosts.ts';

/** Nobody signs these: clients ask them before anything else. */
export const regionRoutes: readonly QiniuRoute[] = (
  [
    ['/v2/query', regionAnswerV2],
    ['/v3/query', regionAnswerV3],
    ['/v4/query', regionAnswerV4],
  ] as const
).map(([path, render]) => ({
  name: 'query-region',
  methods: ['GET', 'POST'],
  path,
  authentication: 'own',
  handle: (request, services) => queryRegion(request, services, render),
}));

/** Where the services are for a bucket. Throws 400, and 631 for a bucket that does not exist. */
async function queryRegion(
  request: QiniuRequest,
  { core, regions }: QiniuServices,
  render: (facts: RegionFacts) => unknown,
): Promise<QiniuResponse> {
  const { headers, target, exchange } = request;
  const bucketName = target.query.get('bucket');
  if (!bucketName || !target.query.get('ak')) {
    throw new QiniuError(400, 'invalid argument: ak and bucket are needed');
  }
  request.concerns(bucketName, null);
  const bucket = await core.index.findBucket(bucketName);
  if (!bucket) throw new QiniuError(631, 'no such bucket');
  const { isProxied, forwardedHosts } = exchange.origin;
  const hosts = serviceHosts(regions.hosts, {
    host: forwardedHosts.at(-1) ?? headers.get('host'),
    localPort: exchange.incoming.socket.localPort ?? 0,
    isProxied,
  });
  return {
    json: render({
      hosts,
      regionName: bucket.locationConstraint ?? regions.name,
      s3RegionName: core.settings.region,
      ttlSeconds: regions.ttlSeconds,
    }),
  };
}
