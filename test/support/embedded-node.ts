import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedNode, startEmbeddedNode } from '../../src/fastdfs/server/embedded-node.ts';
import { Faults } from '../../src/fastdfs/server/faults.ts';
import type { EmbeddedNodeSettings } from '../../src/fastdfs/server/settings.ts';
import { RawConnection } from './raw-fastdfs.ts';

/** An embedded node in this process, on free ports and in a directory of its own. */
export interface TestNode extends EmbeddedNode {
  readonly storePath: string;
  readonly faults: Faults;
  /** What the node reported to its operator. */
  readonly problems: string[];
  connectToTracker(): Promise<RawConnection>;
  connectToStorage(): Promise<RawConnection>;
  /** Names of all files below the data directory, temporary ones included. */
  filesOnDisk(): string[];
  /** Stops the node and removes its files. */
  remove(): Promise<void>;
}

export async function startTestNode(
  settings: Partial<EmbeddedNodeSettings> = {},
): Promise<TestNode> {
  const storePath = settings.storePath ?? mkdtempSync(join(tmpdir(), 'embedded-node-'));
  const faults = new Faults();
  const problems: string[] = [];
  const node = await startEmbeddedNode(
    {
      trackerPort: 0,
      storagePort: 0,
      durability: 'none',
      reservedBytes: 0,
      drainTimeoutMs: 100,
      ...settings,
      storePath,
    },
    { faults, report: (message) => problems.push(message) },
  );
  return {
    ...node,
    storePath,
    faults,
    problems,
    connectToTracker: () => RawConnection.open(node.trackerAddress),
    connectToStorage: () => RawConnection.open(node.storageAddress),
    filesOnDisk: () =>
      readdirSync(join(storePath, 'data'), { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => entry.name),
    async remove() {
      await node.close();
      rmSync(storePath, { recursive: true, force: true });
    },
  };
}
