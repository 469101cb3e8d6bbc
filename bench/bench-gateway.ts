import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ServerAddress } from '../src/fastdfs/client/server-address.ts';
import { openSqliteIndex } from '../src/object-index/sqlite-index.ts';
import type { GatewayEndpoint } from './gateway-side.ts';

const START_TIMEOUT_MS = 30_000;

export interface BenchGateway {
  readonly endpoint: GatewayEndpoint;
  readonly trackers: readonly ServerAddress[];
  readonly pid: number;
  readonly indexPath: string;
  /** Resolves when the files of deleted objects are gone: they must not outlive the index. */
  deletionsDone(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the compiled gateway with its default settings, on the cluster of FASTDFS_TRACKERS or on
 * its embedded node. Its log goes to a file: reading it here would count as load.
 */
export async function startBenchGateway(
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchGateway> {
  const dataDir = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'fastdfs-s3-bench-'));
  const logFile = join(dataDir, 'gateway.log');
  const indexPath = join(dataDir, 'index.sqlite');
  const output = openSync(logFile, 'w');
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: {
      ...process.env,
      GATEWAY_DATA_DIR: dataDir,
      GATEWAY_S3_LISTEN: '127.0.0.1:0',
      GATEWAY_CONSOLE_LISTEN: 'off',
      GATEWAY_QINIU_LISTEN: 'off',
      GATEWAY_FILES_LISTEN: 'off',
      GATEWAY_EMBEDDED_TRACKER_PORT: '0',
      GATEWAY_EMBEDDED_STORAGE_PORT: '0',
      GATEWAY_DELETE_DELAY: '0',
      ...settings,
    },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const exited = once(child, 'exit');
  const address = new URL(await waitForEndpoint(logFile));
  return {
    endpoint: { host: address.hostname, port: Number(address.port), ...readRootKey(dataDir) },
    trackers: trackersOf(dataDir),
    pid: child.pid ?? -1,
    indexPath,
    deletionsDone: () => waitForDeletions(indexPath),
    async stop() {
      child.kill();
      await exited;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function waitForEndpoint(logFile: string): Promise<string> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadlineMs) {
    const ready = readFileSync(logFile, 'utf8')
      .split('\n')
      .find((line) => line.includes('"msg":"ready"'));
    if (ready !== undefined) return String((JSON.parse(ready) as { s3: unknown }).s3);
    await sleep(50);
  }
  throw new Error(`The gateway did not become ready:\n${readFileSync(logFile, 'utf8')}`);
}

async function waitForDeletions(path: string): Promise<void> {
  const index = await openSqliteIndex({ path, deleteDelayMs: 0, threads: false });
  try {
    for (let count = await index.countDeletions(); count > 0; ) {
      await sleep(200);
      count = await index.countDeletions();
    }
  } finally {
    await index.close();
  }
}

function readRootKey(dataDir: string): { accessKeyId: string; secretAccessKey: string } {
  const text = readFileSync(join(dataDir, 'root-credentials'), 'utf8');
  const settingOf = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  return {
    accessKeyId: settingOf('AWS_ACCESS_KEY_ID'),
    secretAccessKey: settingOf('AWS_SECRET_ACCESS_KEY'),
  };
}

function trackersOf(dataDir: string): ServerAddress[] {
  const configured = process.env.FASTDFS_TRACKERS;
  if (!configured) {
    const saved = readFileSync(join(dataDir, 'embedded-node.json'), 'utf8');
    return [(JSON.parse(saved) as { tracker: ServerAddress }).tracker];
  }
  return configured.split(',').map((address) => {
    const colon = address.lastIndexOf(':');
    return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
  });
}
