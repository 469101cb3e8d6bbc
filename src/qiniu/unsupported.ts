import { unsupported } from './errors.ts';
import type { QiniuRoute } from './operation.ts';

/** What of Kodo this gateway leaves out, by the shapes of its paths. */
const features: readonly (readonly [feature: string, ...paths: string[]])[] = [
  ['pfop', '/pfop', '/pfop/'],
  ['prefop', '/status/get/prefop', '/prefop'],
  ['prefetch', '/prefetch/:entry'],
  ['mirror storage', '/image/:bucket/from/*', '/unimage/:bucket'],
  ['asynchronous fetch', '/sisyphus/fetch', '/sisyphus/fetch/'],
  ['event notification', '/events/add', '/events/update', '/events/get', '/events/delete'],
  ['anti-leech', '/referAntiLeech'],
  ['access mode', '/accessMode/:bucket/mode/:mode'],
  ['index page', '/noIndexPage'],
  ['bucket tagging', '/bucketTagging'],
  ['the bucket list of version 3', '/v3/buckets'],
  ['CDN management', '/v2/tune/*'],
];

/**
 * Refused before anybody is asked who they are: the answer is the same for all. Never with a 5xx,
 * which clients send again to every host.
 */
export const unsupportedRoutes: readonly QiniuRoute[] = features.flatMap(([feature, ...paths]) =>
  paths.map((path) => ({
    name: 'unsupported',
    methods: ['GET', 'POST', 'PUT', 'DELETE'] as const,
    path,
    authentication: 'own' as const,
    handle: () => Promise.reject(unsupported(feature)),
  })),
);
