import type { Command } from '../protocol/command.ts';
import { activeTest } from '../protocol/commands/active-test.ts';
import { type GroupRecord, listAllGroups } from '../protocol/commands/list-groups.ts';
import { listStorages, type StorageRecord } from '../protocol/commands/list-storages.ts';
import {
  type FetchTarget,
  type FetchTargets,
  queryFetchAll,
  queryFetchOne,
  queryUpdate,
} from '../protocol/commands/query-fetch.ts';
import {
  queryStoreWithGroupAll,
  queryStoreWithGroupOne,
  queryStoreWithoutGroupAll,
  queryStoreWithoutGroupOne,
  type StoreTarget,
  type StoreTargets,
} from '../protocol/commands/query-store.ts';
import { FASTDFS_STATUS } from '../protocol/errors.ts';
import type { FileIdParts } from '../protocol/file-id.ts';
import {
  FastdfsConnectionError,
  FastdfsStatusError,
  FastdfsTimeoutError,
  TrackersUnreachableError,
} from './errors.ts';
import { execute } from './exchanges.ts';
import type { ServerAddress } from './server-address.ts';
import type { ServerHealth } from './server-health.ts';
import type { ServerPools } from './server-pools.ts';

/**
 * Asks whichever tracker answers. Each request but a listing goes to the next tracker in turn, first
 * to those that are not known to have failed. When that one cannot be talked to, or says that nothing is usable
 * (2) or has space (28), or is in trouble itself, the others are asked: each tracker has its own
 * view, and one that has just started sees no storage servers at all.
 *
 * All requests reject with `FastdfsStatusError` when no tracker knew better (with 28 when any said
 * so, 2 when all did, 22 at once), `TrackersUnreachableError` when none answered, `ProtocolError`
 * for a request that no tracker would take, or the signal's reason.
 */
export class TrackerClient {
  readonly trackers: readonly ServerAddress[];
  readonly #pools: ServerPools;
  readonly #health: ServerHealth;
  #turn = 0;
  /** The tracker that listed the cluster last. */
  #lister: ServerAddress | null = null;

  /** Trackers that `health` says to avoid are asked last. */
  constructor(pools: ServerPools, trackers: readonly ServerAddress[], health: ServerHealth) {
    if (trackers.length === 0) throw new RangeError('at least one tracker is needed');
    this.#pools = pools;
    this.trackers = trackers;
    this.#health = health;
  }

  /** Where to upload to, in the group when one is given. */
  queryStore(groupName: string | null, signal?: AbortSignal): Promise<StoreTarget> {
    return groupName === null
      ? this.#ask(queryStoreWithoutGroupOne, undefined, signal)
      : this.#ask(queryStoreWithGroupOne, { groupName }, signal);
  }

  /** All storage servers of a group that take uploads. */
  queryStoreAll(groupName: string | null, signal?: AbortSignal): Promise<StoreTargets> {
    return groupName === null
      ? this.#ask(queryStoreWithoutGroupAll, undefined, signal)
      : this.#ask(queryStoreWithGroupAll, { groupName }, signal);
  }

  /** A storage server that should have the file. Trackers do not know which files exist. */
  queryFetch(file: FileIdParts, signal?: AbortSignal): Promise<FetchTarget> {
    return this.#ask(queryFetchOne, file, signal);
  }

  /** All storage servers that should have the file. */
  queryFetchAll(file: FileIdParts, signal?: AbortSignal): Promise<FetchTargets> {
    return this.#ask(queryFetchAll, file, signal);
  }

  /** The storage server for changes to the file: its source, while that is usable. */
  queryUpdate(file: FileIdParts, signal?: AbortSignal): Promise<FetchTarget> {
    return this.#ask(queryUpdate, file, signal);
  }

  /**
   * All groups. Listings come from the same tracker for as long as it answers: trackers agree only
   * roughly, and one that has just started would list all storage servers as OFFLINE in between.
   */
  listGroups(signal?: AbortSignal): Promise<readonly GroupRecord[]> {
    return this.#list(listAllGroups, undefined, signal);
  }

  /** The storage servers of a group, whatever their status; from the same tracker as the groups. */
  listStorages(groupName: string, signal?: AbortSignal): Promise<readonly StorageRecord[]> {
    return this.#list(listStorages, { groupName, storageId: null }, signal);
  }

  /** Asks one tracker whether it is there; rejects with its `FastdfsConnectionError`. */
  activeTest(tracker: ServerAddress, signal?: AbortSignal): Promise<void> {
    return this.#askOne(tracker, activeTest, undefined, signal);
  }

  #list<Request, Response>(
    command: Command<Request, Response>,
    request: Request,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const inTurn = this.#inTurn();
    const lister = this.#lister;
    const isSteady = lister !== null && !this.#health.isAvoided(lister, 'read');
    const order = isSteady ? [lister, ...inTurn.filter((other) => other !== lister)] : inTurn;
    return this.#ask(command, request, signal, order, (tracker) => {
      this.#lister = tracker;
    });
  }

  async #ask<Request, Response>(
    command: Command<Request, Response>,
    request: Request,
    signal: AbortSignal | undefined,
    order = this.#inTurn(),
    onAnswer: (tracker: ServerAddress) => void = () => {},
  ): Promise<Response> {
    const failures: FastdfsConnectionError[] = [];
    let refusal: FastdfsStatusError | null = null;
    for (const tracker of order) {
      try {
        const response = await this.#askOne(tracker, command, request, signal);
        onAnswer(tracker);
        return response;
      } catch (error) {
        if (error instanceof FastdfsConnectionError) failures.push(error);
        else if (isPassedOn(error)) refusal = worseOf(refusal, error);
        else throw error;
      }
    }
    throw refusal ?? new TrackersUnreachableError(command.name, failures);
  }

  async #askOne<Request, Response>(
    tracker: ServerAddress,
    command: Command<Request, Response>,
    request: Request,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const purpose = { command: command.name, isReplayable: true, signal };
    this.#health.attempt(tracker, 'read');
    try {
      const response = await this.#pools.withConnection(tracker, purpose, (connection) =>
        execute(connection, command, request, signal),
      );
      this.#health.works(tracker, 'read');
      return response;
    } catch (error) {
      this.#failed(tracker, error);
      throw error;
    }
  }

  #failed(tracker: ServerAddress, error: unknown): void {
    // A refusal speaks of the cluster: the tracker itself is there.
    if (error instanceof FastdfsStatusError) this.#health.works(tracker, 'read');
    else this.#health.failed(tracker, 'read', error);
    const isSilent = error instanceof FastdfsTimeoutError && error.phase !== 'queue';
    // A silent tracker costs the first request its timeout; the others that wait ask another one.
    if (isSilent && this.trackers.length > 1) this.#pools.abandon(tracker, error, 0);
  }

  /** All trackers, from the next one in turn; those that failed lately come last. */
  #inTurn(): readonly ServerAddress[] {
    this.#turn = (this.#turn + 1) % this.trackers.length;
    const inTurn = [...this.trackers.slice(this.#turn), ...this.trackers.slice(0, this.#turn)];
    const isAvoided = (tracker: ServerAddress) => this.#health.isAvoided(tracker, 'read');
    if (!inTurn.some(isAvoided)) return inTurn;
    return [...inTurn.filter((tracker) => !isAvoided(tracker)), ...inTurn.filter(isAvoided)];
  }
}

/** Whether another tracker may know better: of all but a request that is wrong. */
function isPassedOn(error: unknown): error is FastdfsStatusError {
  return error instanceof FastdfsStatusError && error.fastdfsStatus !== FASTDFS_STATUS.invalid;
}

/** What says more of the cluster comes later: no space is said by a tracker that saw servers. */
const WEIGHTS: ReadonlyMap<number, number> = new Map([
  [FASTDFS_STATUS.notFound, 0],
  [FASTDFS_STATUS.noSpace, 2],
]);

function worseOf(first: FastdfsStatusError | null, second: FastdfsStatusError): FastdfsStatusError {
  const weightOf = (error: FastdfsStatusError) => WEIGHTS.get(error.fastdfsStatus) ?? 1;
  return first !== null && weightOf(first) >= weightOf(second) ? first : second;
}
