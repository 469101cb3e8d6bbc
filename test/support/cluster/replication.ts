import { applyChange, copyMetadata, copyStoredFile } from './copy-file.ts';
import type { StorageNode } from './storage-node.ts';

/** Moves files between the storage servers of one group, as their synchronisation threads do. */
export class Replication {
  readonly #nodes: readonly StorageNode[];
  /** Pairs whose copying is under way, as `from>to`. */
  readonly #busy = new Map<string, Promise<void>>();

  constructor(nodes: readonly StorageNode[]) {
    this.#nodes = nodes;
  }

  /** Starts what can be done now; nothing is waited for. */
  tick(): void {
    const nowMs = Date.now();
    for (const from of this.#nodes) {
      if (from.context === null) continue;
      from.changeLog.flushDue(nowMs);
      for (const to of this.#nodes) {
        if (to === from || !isLinked(from, to)) continue;
        if (to.isRecovering) this.#once(`recover ${to.name}`, () => this.#recover(to));
        else if (from.changeLog.nextFor(to.name) !== null) {
          this.#once(`${from.name}>${to.name}`, () => feed(from, to));
        }
      }
    }
    for (const node of this.#nodes) {
      // The only server of a group has nobody to get files from.
      if (node.isRecovering && this.#nodes.length === 1) node.isRecovering = false;
    }
  }

  /** Whether a server that runs still lacks something that another one has written out. */
  get isBehind(): boolean {
    return this.#nodes.some((from) =>
      this.#nodes.some(
        (to) =>
          to !== from &&
          isLinked(from, to) &&
          (to.isRecovering || !from.changeLog.isEmptyFor(to.name)),
      ),
    );
  }

  /** Resolves when nothing is being copied. */
  async settle(): Promise<void> {
    await Promise.all(this.#busy.values());
  }

  #once(name: string, task: () => Promise<void>): void {
    if (this.#busy.has(name)) return;
    // A copy that fails because a server went down is made again at a later tick.
    const done = task()
      .catch(() => {})
      .finally(() => this.#busy.delete(name));
    this.#busy.set(name, done);
  }

  /** A server that lost its files gets all that its peers can give before it is ACTIVE. */
  async #recover(node: StorageNode): Promise<void> {
    for (const peer of this.#nodes) {
      if (peer === node) continue;
      for (const fileName of await peer.listFiles()) {
        if (!isLinked(peer, node) || !peer.context || !node.context) return;
        if (peer.changeLog.isLost(fileName)) continue;
        await copyStoredFile(fileName, peer.context.store, node.context.store);
        await copyMetadata(fileName, peer.context.store, node.context.store);
      }
    }
    node.isRecovering = false;
  }
}

async function feed(from: StorageNode, to: StorageNode): Promise<void> {
  for (;;) {
    if (!isLinked(from, to) || !from.context || !to.context || to.isRecovering) return;
    const logged = from.changeLog.nextFor(to.name);
    if (logged === null) return;
    await applyChange(logged.change, from.context.store, to.context.store);
    from.changeLog.advance(to.name);
    to.syncedFrom.set(from.id, logged.timestamp);
  }
}

/** Both run and reach each other. */
function isLinked(a: StorageNode, b: StorageNode): boolean {
  return a.context !== null && b.context !== null && !a.isCut && !b.isCut;
}
