import type { Config } from '../config.ts';

/** Fewer connections to a server would leave none for small requests beside slow uploads. */
const CONNECTIONS_MIN = 4;

/**
 * What one of the processes of a gateway works with: limits that hold for the whole gateway are
 * shared out evenly, rounded up.
 */
export function workerConfig(config: Config): Config {
  const { workerCount, fastdfs, http, spool } = config;
  const shareOf = (whole: number) => Math.ceil(whole / workerCount);
  const { connectionsPerServerMax: connections, idleConnectionsPerServerMax: idle } = fastdfs;
  return {
    ...config,
    fastdfs: {
      ...fastdfs,
      connectionsPerServerMax: Math.max(
        shareOf(connections),
        Math.min(connections, CONNECTIONS_MIN),
      ),
      idleConnectionsPerServerMax: shareOf(idle),
    },
    http: { ...http, requestsMax: shareOf(http.requestsMax) },
    spool: { ...spool, sizeBytesMax: shareOf(spool.sizeBytesMax) },
  };
}
