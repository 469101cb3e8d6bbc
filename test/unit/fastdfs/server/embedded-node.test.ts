import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type EmbeddedNode,
  startEmbeddedNode,
} from '../../../../src/fastdfs/server/embedded-node.ts';
import { startEmbeddedNodeThread } from '../../../../src/fastdfs/server/embedded-node-thread.ts';
import type { EmbeddedNodeSettings } from '../../../../src/fastdfs/server/settings.ts';
import { RawConnection } from '../../../support/raw-fastdfs.ts';
import { StorageDriver } from '../../../support/storage-driver.ts';
import { startTypescriptWorker } from '../../../support/typescript-worker.ts';

let storePath: string;
beforeEach(() => {
  storePath = mkdtempSync(join(tmpdir(), 'embedded-node-'));
});
afterEach(() => rmSync(storePath, { recursive: true }));

const startThread = (settings: EmbeddedNodeSettings): Promise<EmbeddedNode> =>
  startEmbeddedNodeThread(settings, {
    startWorker: (workerData) =>
      startTypescriptWorker(
        new URL('../../../../src/fastdfs/server/embedded-node-worker.ts', import.meta.url),
        { workerData },
      ),
  });

async function portTaken(): Promise<{ port: number; server: Server }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, server };
}

describe.each([
  ['in this process', startEmbeddedNode],
  ['on a thread of its own', startThread],
])('the node %s', { timeout: 60_000 }, (_name, start) => {
  it('keeps files over a restart', async () => {
    const settings = { storePath, trackerPort: 0, storagePort: 0 };
    const first = await start(settings);
    const before = new StorageDriver(await RawConnection.open(first.storageAddress));
    const fileName = await before.store(Buffer.from('kept'));
    await first.close();
    await before.connection.closedByServer();
    const second = await start(settings);
    const after = new StorageDriver(await RawConnection.open(second.storageAddress));
    expect(String(await after.download(fileName))).toBe('kept');
    await second.close();
  });

  it('says which port is taken', async () => {
    const { port, server } = await portTaken();
    const settings = { storePath, trackerPort: port, storagePort: 0 };
    await expect(start(settings)).rejects.toThrow(
      `EADDRINUSE: address already in use 127.0.0.1:${port}`,
    );
    server.close();
  });

  it('says that its store path cannot be used', async () => {
    const file = join(storePath, 'file');
    writeFileSync(file, '');
    const settings = { storePath: file, trackerPort: 0, storagePort: 0 };
    await expect(start(settings)).rejects.toThrow(/ENOTDIR.*file/);
  });

  it('says which setting is wrong', async () => {
    await expect(start({ storePath, groupName: 'a/b' })).rejects.toThrow(
      'groupName must be 1–16 letters and digits: a/b',
    );
  });
});

describe('ports that are not given', () => {
  it('are the standard ones or any free ones', async () => {
    const [first, second] = await Promise.all([
      startEmbeddedNode({ storePath }),
      startEmbeddedNode({ storePath: join(storePath, 'second') }),
    ]);
    const ports = [first, second].flatMap((node) => [
      node.trackerAddress.port,
      node.storageAddress.port,
    ]);
    expect(new Set(ports).size).toBe(4);
    expect(ports.every((port) => port > 0)).toBe(true);
    await Promise.all([first.close(), second.close()]);
  });
});

describe('a thread that dies', { timeout: 60_000 }, () => {
  it('is told to its owner once', async () => {
    let terminate: () => Promise<number> = async () => 0;
    const failures: Error[] = [];
    const failed = new Promise<void>((resolve) => {
      void startEmbeddedNodeThread(
        { storePath, trackerPort: 0, storagePort: 0 },
        {
          onFailure: (error) => {
            failures.push(error);
            resolve();
          },
          startWorker: (workerData) => {
            const url = new URL(
              '../../../../src/fastdfs/server/embedded-node-worker.ts',
              import.meta.url,
            );
            const worker = startTypescriptWorker(url, { workerData });
            terminate = () => worker.terminate();
            return worker;
          },
        },
      ).then(() => terminate());
    });
    await failed;
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringMatching(/the embedded FastDFS node failed: its thread ended with 1/),
    ]);
  });
});
