import { ClusterView } from '../../../src/fastdfs/server/cluster-view.ts';
import { TrackerFaults } from '../../../src/fastdfs/server/faults.ts';
import { Listener } from '../../../src/fastdfs/server/listener.ts';
import { TrackerService } from '../../../src/fastdfs/server/tracker-service.ts';
import { type HostPort, renderHostPort } from '../../../src/support/units.ts';
import { TcpProxy } from '../tcp-proxy.ts';
import { Membership } from './membership.ts';
import type { StorageNode } from './storage-node.ts';

const HOST = '127.0.0.1';

export interface TrackerNodeOptions {
  readonly name: string;
  readonly storages: readonly StorageNode[];
  readonly usesStorageIds: boolean;
  /** A storage server that was silent for longer is taken for dead. */
  readonly checkActiveIntervalMs: number;
  /** `host:port` of the trackers that run, the leader first. */
  readonly trackers: () => readonly string[];
}

/** One tracker of an embedded cluster, with its own opinion of all storage servers. */
export class TrackerNode {
  readonly name: string;
  /** Switches of the tracker itself; those about the storage server have no effect here. */
  readonly faults = new TrackerFaults();
  /** The network in front of it. */
  readonly network: TcpProxy;
  isCut = false;
  readonly #options: TrackerNodeOptions;
  readonly #members: readonly Membership[];
  #listener: Listener | null = null;

  private constructor(options: TrackerNodeOptions, network: TcpProxy) {
    this.name = options.name;
    this.#options = options;
    this.#members = options.storages.map((storage) => new Membership(storage));
    this.network = network;
  }

  static async open(options: TrackerNodeOptions): Promise<TrackerNode> {
    const node = new TrackerNode(options, await TcpProxy.start(null, HOST));
    await node.start();
    return node;
  }

  get address(): HostPort {
    return this.network.address;
  }

  get isRunning(): boolean {
    return this.#listener !== null;
  }

  async start(): Promise<void> {
    if (this.#listener !== null) return;
    for (const member of this.#members) member.lose();
    const { usesStorageIds, trackers } = this.#options;
    const view = new ClusterView({
      faults: this.faults,
      startedAt: Math.floor(Date.now() / 1000),
      members: () => this.#members,
      usesStorageIds,
      trackers,
    });
    view.trackerAddress = renderHostPort(this.address);
    this.#listener = await Listener.open(
      new TrackerService(view),
      {
        host: HOST,
        port: 0,
        standardPort: 0,
        networkTimeoutMs: 60_000,
        connectionsMax: 1024,
        drainTimeoutMs: 200,
      },
      () => {},
    );
    this.network.target = { host: HOST, port: this.#listener.port };
    await this.network.accept();
  }

  /** A tracker has nothing to write out: a kill is as good as a stop. */
  async kill(): Promise<void> {
    const listener = this.#listener;
    if (listener === null) return;
    this.#listener = null;
    this.network.refuse();
    if (!this.isCut) this.network.resetAll();
    await listener.kill();
  }

  cut(): void {
    this.isCut = true;
    this.network.cut();
  }

  heal(): void {
    this.isCut = false;
    this.network.heal();
    if (this.#listener === null) this.network.resetAll();
  }

  /** Takes heartbeats, and notices which storage servers send none. */
  tick(): void {
    if (this.#listener === null) return;
    for (const member of this.#members) {
      const { node } = member;
      const isLinked = !node.isCut && !this.isCut;
      if (isLinked && node.context !== null) {
        member.hear(this.#members.filter((peer) => isPeer(peer, member)));
      } else if (isLinked || member.isSilentFor(this.#options.checkActiveIntervalMs)) {
        member.lose();
      }
    }
  }

  async close(): Promise<void> {
    this.heal();
    await this.kill();
    await this.network.close();
  }
}

function isPeer(peer: Membership, member: Membership): boolean {
  return peer !== member && peer.groupName === member.groupName;
}
