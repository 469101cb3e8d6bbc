import { bucketRoutes } from './buckets/bucket-routes.ts';
import { bucketSettingRoutes } from './buckets/bucket-setting-routes.ts';
import { fetchRoutes } from './fetch/fetch-routes.ts';
import { objectRoutes } from './objects/object-routes.ts';
import type { QiniuRoute } from './operation.ts';
import { regionRoutes } from './regions/region-routes.ts';
import { unsupportedRoutes } from './unsupported.ts';
import { uploadRoutes } from './upload/routes.ts';

/** Every operation of the door; downloads are what has the shape of none. */
export const routes: readonly QiniuRoute[] = [
  ...objectRoutes,
  ...bucketRoutes,
  ...bucketSettingRoutes,
  ...fetchRoutes,
  ...regionRoutes,
  ...uploadRoutes,
  ...unsupportedRoutes,
];
