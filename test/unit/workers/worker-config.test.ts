import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { workerConfig } from '../../../src/workers/worker-config.ts';

it.each([
  ['4', '64', '32', '512', [16, 8, 128]],
  ['3', '64', '32', '512', [22, 11, 171]],
  ['64', '64', '32', '1', [4, 1, 1]],
  ['8', '2', '0', '100', [2, 0, 13]],
])('of %s workers each gets its share of %s, %s and %s', (count, most, idle, requests, shares) => {
  const { fastdfs, http } = workerConfig(
    loadConfig({
      GATEWAY_WORKERS: count,
      FASTDFS_CONNECTIONS_MAX: most,
      FASTDFS_IDLE_CONNECTIONS_MAX: idle,
      GATEWAY_REQUESTS_MAX: requests,
    }),
  );
  expect([
    fastdfs.connectionsPerServerMax,
    fastdfs.idleConnectionsPerServerMax,
    http.requestsMax,
  ]).toEqual(shares);
});
