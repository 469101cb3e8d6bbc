import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { openPurging } from '../../src/open-purging.ts';
import { createLogger } from '../../src/support/logger.ts';

const fileId = 'group1/M00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg';
const logger = createLogger('silent');

it('nobody is called where no setting names a cache', () => {
  expect(openPurging(loadConfig({}), logger)).toBeNull();
});

it('caches may have private addresses when a setting names them', async () => {
  const called: (string | undefined)[] = [];
  const cache = createServer((request, response) => {
    called.push(request.url);
    response.end();
  });
  await new Promise<void>((resolve) => cache.listen(0, '127.0.0.1', resolve));
  const { port } = cache.address() as AddressInfo;
  const config = loadConfig({
    GATEWAY_FILES_PURGE: `http://127.0.0.1:${port}/purge/`,
    GATEWAY_FILES_PREFIXES: '/fastdfs/',
  });
  const purging = openPurging(config, logger);
  try {
    purging?.purger.purgeFile(fileId);
    const paths = ['', '/download', '/fastdfs'].map((prefix) => `/purge${prefix}/${fileId}`);
    await vi.waitFor(() => expect(called.sort()).toEqual(paths.sort()));
  } finally {
    await purging?.close();
    cache.closeAllConnections();
    await new Promise((resolve) => cache.close(resolve));
  }
});
