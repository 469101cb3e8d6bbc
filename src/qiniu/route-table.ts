import { objectRoutes } from './objects/object-routes.ts';
import type { QiniuRoute } from './operation.ts';
import { unsupportedRoutes } from './unsupported.ts';
import { uploadRoutes } from './upload/routes.ts';

/** Every operation of the door; downloads are what has the shape of none. */
export const routes: readonly QiniuRoute[] = [
  ...objectRoutes,
  ...uploadRoutes,
  ...unsupportedRoutes,
];
