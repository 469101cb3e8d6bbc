import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileSource } from '../../src/fastdfs/protocol/file-name-fields.ts';
import type { EmbeddedNodeSettings } from '../../src/fastdfs/server/settings.ts';
import { renderHostPort } from '../../src/support/units.ts';
import { Replication } from './cluster/replication.ts';
import { StorageNode } from './cluster/storage-node.ts';
import { TrackerNode } from './cluster/tracker-node.ts';
import { waitUntilActive } from './cluster/wait-until-active.ts';
import type { ClusterControl, ClusterNode } from './cluster-control.ts';

/** Heartbeats are sent, dead connections noticed and files replicated at this interval. */
const TICK_MS = 20;
const FIRST_STORAGE_ID = 100_000;

export interface EmbeddedClusterOptions {
  /** Default 2, called group1, group2 … */
  readonly groups?: number;
  /** Default 2, called g1s1, g1s2 … */
  readonly storagesPerGroup?: number;
  /** Default 2, called t1, t2 … */
  readonly trackers?: number;
  /** How long a change stays on its server alone; default 50. `Infinity` holds it back for ever. */
  readonly replicationDelayMs?: number;
  /**
   * Default true: file IDs name storage servers by number, and all are on 127.0.0.1. False: by
   * their addresses 127.0.G.S, which only Linux gives for the asking.
   */
  readonly useStorageIds?: boolean;
  /** Trackers go on naming a silent storage server for so long; default 1000. */
  readonly checkActiveIntervalMs?: number;
  /** Of all storage servers, such as `reservedBytes`. */
  readonly storageSettings?: Partial<EmbeddedNodeSettings>;
}

/** A FastDFS cluster on loopback inside this process, with switches for whatever can go wrong. */
export interface EmbeddedCluster extends ClusterControl {
  readonly storages: readonly StorageNode[];
  storage(name: string): StorageNode;
  tracker(name: string): TrackerNode;
  /** Resolves when all running servers are ACTIVE for all running trackers. */
  waitUntilActive(): Promise<void>;
  /** Resolves when all that was written out has reached all servers that run. */
  waitUntilReplicated(): Promise<void>;
  /** Stops everything and removes its files. */
  close(): Promise<void>;
}

/** Resolves when all storage servers are ACTIVE. Close it, or its ports and files stay. */
export async function startEmbeddedCluster(
  options: EmbeddedClusterOptions = {},
): Promise<EmbeddedCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'embedded-cluster-'));
  const cluster = new LoopbackCluster(directory);
  try {
    await cluster.open(options);
    await cluster.waitUntilActive();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

class LoopbackCluster implements EmbeddedCluster {
  readonly storages: StorageNode[] = [];
  readonly #trackers: TrackerNode[] = [];
  readonly #replications: Replication[] = [];
  readonly #directory: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async open({
    groups = 2,
    storagesPerGroup = 2,
    trackers = 2,
    replicationDelayMs = 50,
    useStorageIds = true,
    checkActiveIntervalMs = 1000,
    storageSettings = {},
  }: EmbeddedClusterOptions): Promise<void> {
    const addressOf = (source: FileSource) => this.#addressOf(source);
    for (let group = 1; group <= groups; group += 1) {
      for (let server = 1; server <= storagesPerGroup; server += 1) {
        const name = `g${group}s${server}`;
        this.storages.push(
          await StorageNode.open({
            name,
            groupName: `group${group}`,
            storePath: join(this.#directory, name),
            host: useStorageIds ? '127.0.0.1' : `127.0.${group}.${server}`,
            storageId: useStorageIds ? FIRST_STORAGE_ID + 100 * group + server : null,
            addressOf,
            replicationDelayMs,
            settings: storageSettings,
          }),
        );
      }
      const members = this.storages.filter(({ groupName }) => groupName === `group${group}`);
      this.#replications.push(new Replication(members));
    }
    for (let number = 1; number <= trackers; number += 1) {
      this.#trackers.push(
        await TrackerNode.open({
          name: `t${number}`,
          storages: this.storages,
          usesStorageIds: useStorageIds,
          checkActiveIntervalMs,
          trackers: () => this.#runningTrackers(),
        }),
      );
    }
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  get nodes(): readonly ClusterNode[] {
    return [
      ...this.#trackers.map(({ name, address }) => ({
        name,
        role: 'tracker' as const,
        groupName: null,
        address,
      })),
      ...this.storages.map(({ name, groupName, address }) => ({
        name,
        role: 'storage' as const,
        groupName,
        address,
      })),
    ];
  }

  storage(name: string): StorageNode {
    const found = this.storages.find((node) => node.name === name);
    if (found === undefined) throw new Error(`the cluster has no storage server ${name}`);
    return found;
  }

  tracker(name: string): TrackerNode {
    const found = this.#trackers.find((node) => node.name === name);
    if (found === undefined) throw new Error(`the cluster has no tracker ${name}`);
    return found;
  }

  async stop(name: string): Promise<void> {
    const node = this.#node(name);
    await (node instanceof StorageNode ? node.stop() : node.kill());
  }

  async kill(name: string): Promise<void> {
    await this.#node(name).kill();
  }

  async start(name: string): Promise<void> {
    await this.#node(name).start();
  }

  async cut(name: string): Promise<void> {
    this.#node(name).cut();
  }

  async heal(name: string): Promise<void> {
    this.#node(name).heal();
  }

  async wipe(name: string): Promise<void> {
    this.storage(name).wipe();
  }

  listFiles(name: string): Promise<string[]> {
    return this.storage(name).listFiles();
  }

  async waitUntilActive(): Promise<void> {
    // A server that was restarted since the last tick is still listed as it was before.
    this.#tick();
    await waitUntilActive(
      this.#trackers.filter(({ isRunning, isCut }) => isRunning && !isCut).map((t) => t.address),
      this.storages.filter(({ context, isCut }) => context !== null && !isCut).length,
    );
  }

  async waitUntilReplicated(): Promise<void> {
    while (this.#replications.some((replication) => replication.isBehind)) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const replication of this.#replications) await replication.settle();
    await Promise.all([...this.#trackers, ...this.storages].map((node) => node.close()));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #node(name: string): StorageNode | TrackerNode {
    return name.startsWith('t') ? this.tracker(name) : this.storage(name);
  }

  #tick(): void {
    for (const tracker of this.#trackers) tracker.tick();
    for (const replication of this.#replications) replication.tick();
  }

  #runningTrackers(): string[] {
    return this.#trackers
      .filter(({ isRunning }) => isRunning)
      .map(({ address }) => renderHostPort(address));
  }

  #addressOf(source: FileSource): string {
    const id = 'host' in source ? source.host : String(source.storageId);
    return this.storages.find((node) => node.id === id)?.advertisedAddress.host ?? '';
  }
}
