import type { Route } from './operation.ts';

/**
 * Every operation that the gateway has: one row per method, resource and subresource, in any order.
 */
export const routes: readonly Route[] = [];
