import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import { isInService } from '../fastdfs/protocol/storage-status.ts';
import type { Cluster } from './cluster.ts';
import type { StorageServer } from './cluster-snapshot.ts';
import type { FileIdFacts } from './read-file-id.ts';
import { shouldHaveFile } from './replica-age.ts';

/** What speaks against a server; each weighs more than all before it together. */
const MAY_LAG = 1;
const FAILED_LATELY = 2;
const NOT_ACTIVE = 4;
const DAMAGED = 8;
/** A replica of a file that can change: it may have other bytes than the source. */
const MAY_BE_OLD = 16;
/** It must not be asked. */
const NEVER = 32;

/**
 * Orders the storage servers of a file's group for a read: first those that should have the file,
 * then those that may lag, then those that failed lately, those that trackers do not see as
 * ACTIVE, and those whose copy is known to be damaged, these only for reads that would notice; at
 * last, for files that can change, all but the source. The least busy one of equals comes first.
 *
 * An object of this kind is made for every read, so nothing here waits, and little is allocated.
 */
export class ReadRanking {
  readonly #cluster: Cluster;
  readonly #facts: FileIdFacts;
  readonly #isChecked: boolean;
  #members: readonly StorageServer[] = [];
  #source: StorageServer | null = null;

  constructor(cluster: Cluster, facts: FileIdFacts, isChecked: boolean) {
    this.#cluster = cluster;
    this.#facts = facts;
    this.#isChecked = isChecked;
    this.look();
  }

  get isSourceKnown(): boolean {
    return this.#source !== null;
  }

  /** Whether the source's word counts that it does not have the file; a guess if it is unknown. */
  get isSourceInService(): boolean {
    return this.#source?.isReadable ?? true;
  }

  /** Takes what is known of the cluster at this moment. */
  look(): void {
    const { snapshot } = this.#cluster.view;
    const { groupName } = this.#facts.file;
    this.#members = snapshot?.findGroup(groupName)?.members ?? [];
    this.#source = snapshot?.findSource(groupName, this.#facts.source) ?? null;
  }

  /** Only the source knows that a file does not exist. */
  isSource(server: ServerAddress): boolean {
    const { source } = this.#facts;
    if (this.#source !== null) return isSameServer(this.#source, server);
    return 'host' in source && source.host === server.host;
  }

  /** The best one that is none of `tried` and against which not more speaks than `rankMax`. */
  best(tried: readonly string[], rankMax = NEVER - 1): StorageServer | null {
    const { storage } = this.#cluster;
    const nowS = Date.now() / 1000;
    let best: StorageServer | null = null;
    let bestRank = rankMax;
    let equals = 1;
    for (const server of this.#members) {
      const rank = this.#rankOf(server, nowS);
      if (rank > bestRank || (tried.length > 0 && tried.includes(renderAddress(server)))) continue;
      if (best === null || rank < bestRank) {
        equals = 1;
      } else {
        const difference = storage.loadOf(server) - storage.loadOf(best);
        if (difference > 0) continue;
        equals = difference < 0 ? 1 : equals + 1;
        // Each of several equals has the same chance.
        if (Math.random() * equals >= 1) continue;
      }
      best = server;
      bestRank = rank;
    }
    return best;
  }

  /** The source, whatever the trackers say of it; null when it is unknown, or its copy damaged. */
  lastResort(): StorageServer | null {
    if (this.#source === null) return null;
    return this.#isDamaged(this.#source) && !this.#isChecked ? null : this.#source;
  }

  /** Servers that a tracker says should have the file, those that failed lately last. */
  sort(named: readonly ServerAddress[]): ServerAddress[] {
    const { health } = this.#cluster;
    const usable = named.filter((server) => this.#isChecked || !this.#isDamaged(server));
    const isAvoided = (server: ServerAddress) => health.isAvoided(server, 'read');
    return [...usable.filter((server) => !isAvoided(server)), ...usable.filter(isAvoided)];
  }

  /** Whether a copy is known to be damaged. */
  hasDamaged(): boolean {
    return this.#members.some((server) => this.#isDamaged(server));
  }

  #rankOf(server: StorageServer, nowS: number): number {
    const { isImmutable, timestamp } = this.#facts;
    let rank = 0;
    if (server !== this.#source) {
      if (!isImmutable) rank += MAY_BE_OLD;
      if (!shouldHaveFile(server, timestamp, nowS)) rank += MAY_LAG;
    }
    if (this.#cluster.health.isAvoided(server, 'read')) rank += FAILED_LATELY;
    if (!server.isReadable) {
      // What is being filled or emptied may hold half a file.
      if (!isInService(server.record.status)) return NEVER;
      rank += NOT_ACTIVE;
    }
    if (this.#isDamaged(server)) rank += this.#isChecked ? DAMAGED : NEVER;
    return rank;
  }

  #isDamaged(server: ServerAddress): boolean {
    return this.#cluster.damagedCopies.has(server, this.#facts.fileId);
  }
}

function isSameServer(one: ServerAddress, other: ServerAddress): boolean {
  return one.host === other.host && one.port === other.port;
}
