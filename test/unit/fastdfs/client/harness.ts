import { afterEach } from 'vitest';
import type { CloseReason } from '../../../../src/fastdfs/client/close-reason.ts';
import type { PoolSettings } from '../../../../src/fastdfs/client/connection-settings.ts';
import { ServerPools } from '../../../../src/fastdfs/client/server-pools.ts';
import type { FileIdParts } from '../../../../src/fastdfs/protocol/file-id.ts';
import { encodeFileName } from '../../../../src/fastdfs/protocol/file-name-fields.ts';
import { FakeServer, type Script } from '../../../support/fake-server.ts';

/** Long enough that no limit is met unless a test shortens it. */
export const PATIENT: PoolSettings = {
  connectTimeoutMs: 10_000,
  responseTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  commandTimeoutMs: 10_000,
  connectionsPerServerMax: 4,
  idleConnectionsPerServerMax: 4,
  connectionWaitersPerServerMax: 100,
  connectionWaitTimeoutMs: 10_000,
  idleConnectionLifetimeMs: 60_000,
};

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function onCleanup(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

export async function serve(script: Script): Promise<FakeServer> {
  const server = await FakeServer.start(script);
  onCleanup(() => server.stop());
  return server;
}

export async function serveReplies(
  reply: Parameters<typeof FakeServer.startReplying>[0],
): Promise<FakeServer> {
  const server = await FakeServer.startReplying(reply);
  onCleanup(() => server.stop());
  return server;
}

/** Pools that write down why each connection was closed. */
export function observedPools(settings: Partial<PoolSettings> = {}): {
  pools: ServerPools;
  closed: CloseReason[];
} {
  const closed: CloseReason[] = [];
  const pools = new ServerPools({ ...PATIENT, ...settings }, (_address, reason) => {
    closed.push(reason);
  });
  onCleanup(() => pools.close());
  return { pools, closed };
}

/** Lets events that are on their way arrive, until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** The ID of a normal file of so many bytes, as its source would name it. */
export function fileOf(
  size: number,
  { crc32 = 0, host = '10.77.1.11', isAppender = false } = {},
): FileIdParts {
  const fileName = encodeFileName({
    storePathIndex: 0,
    directories: [0, 0],
    source: { host },
    timestamp: 1_795_211_713,
    size,
    crc32,
    isAppender,
    extension: '',
    random: { sizeBits: 5, tailDigits: 7 },
  });
  return { groupName: 'group1', fileName };
}
